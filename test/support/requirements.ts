import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian keeps what only root needs, besides the user's own PATH. */
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

/** Why a test that loads BPF programs with the help of these tools can't run here, or undefined where it can; printed too. */
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
