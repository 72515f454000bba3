import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from './scenario.ts';
import { DROP_ALL } from './testbed.ts';
import type { View } from './view.ts';

const ALWAYS = ['ip', 'bridge', 'tc', 'nsenter', 'sh'];

function isOnPath(tool: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why no scenario can run here, or undefined if they can. */
export function whyNone(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces and BPF';
  const missing = ALWAYS.filter((tool) => !isOnPath(tool));
  if (missing.length > 0) return `needs ${missing.join(', ')} on PATH`;
  return existsSync(DROP_ALL) ? undefined : 'needs what test/kernel/build.sh builds';
}

/** Why this scenario can't run here, or undefined if it can. */
export function whyNot(scenario: Scenario, view: View): string | undefined {
  const missing = (scenario.tools ?? []).filter((tool) => !isOnPath(tool));
  return missing.length > 0 ? `needs ${missing.join(', ')} on PATH` : scenario.whyNot?.(view);
}
