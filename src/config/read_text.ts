import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Characters of a file, and of all that its expansions give. The parser takes some 5 µs for each, and a running agent waits
 * for it at SIGHUP.
 */
export const MOST_CHARACTERS = 131_072;

/** Said of what has more. */
export const TOO_LONG = `is too large: at most ${MOST_CHARACTERS} characters`;

/** A file's text; what is longer than can be used, or has no end, is read no further. Throws the system's error. */
export function readText(path: string): string {
  const file = openSync(path, 'r');
  try {
    // A character has up to four bytes.
    const bytes = Buffer.alloc(4 * MOST_CHARACTERS + 4);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
