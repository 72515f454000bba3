import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian puts programs for root, in addition to the user's PATH. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

function isOnPath(tool: string): boolean {
  return PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why a test that loads BPF programs and uses these tools can't run here, or undefined if it can. Also printed. */
export function whyNotHere(tools: readonly string[] = []): string | undefined {
  const missing = tools.filter((tool) => !isOnPath(tool));
  const why =
    process.getuid?.() !== 0
      ? 'needs root, to load BPF programs'
      : missing.length > 0
        ? `needs ${missing.join(', ')} on PATH`
        : undefined;
  if (why !== undefined) console.warn(`skipped: ${why}`);
  return why;
}
