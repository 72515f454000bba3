/** Edits (insert, delete, replace, swap neighbours) that turn one word into the other: optimal string alignment. */
function distance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1] ? twoAbove[column - 2] : undefined;
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1, (swapped ?? Infinity) + 1));
    }
    twoAbove = above;
    above = line;
  }
  return above[to.length] ?? 0;
}

/** Ignores case and punctuation, so that `collectionInterval` is near `collection_interval`. */
function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_. ]/g, '');
}

/** The known word that `word` most likely misspells, with at most a third of its letters wrong; else undefined. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const given = bare(word.slice(0, 100));
  let found: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(given, bare(candidate));
    if (edits < least) {
      least = edits;
      found = candidate;
    }
  }
  return found;
}

/** The end of an error message: the nearest known word, else all known words. */
export function suggest(word: string, known: readonly string[], label = 'known'): string {
  const near = nearest(word, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  if (known.length === 0) return '';
  return `; ${label}: ${known.toSorted().join(', ')}`;
}
