import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The most characters of a file, and of all its expansions together. The parser takes about 5 µs per character, and a running agent waits
 * for it at SIGHUP.
 */
export const MOST_CHARACTERS = 131_072;

/** Reported if there are more. */
export const TOO_LONG = `is too large: at most ${MOST_CHARACTERS} characters`;

/** Reads a file's text, but no more than is allowed, because the file may be endless. Throws the system's error. */
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
