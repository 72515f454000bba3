/** How a figure went over time, and how much more it may be in the second half than in the first. */
export interface Course {
  readonly what: string;
  readonly samples: readonly number[];
  /** As a factor, and on top of it. */
  readonly allowed: { readonly factor: number; readonly more: number };
}

/** Why a figure isn't flat after the first tenth of its samples, by the medians of the two halves of the rest; undefined where it is. */
export function whyNotFlat({ what, samples, allowed: { factor, more } }: Course): string | undefined {
  const settled = samples.slice(Math.ceil(samples.length / 10));
  const half = Math.floor(settled.length / 2);
  if (half === 0) return `${what}: too few samples`;
  const [first, second] = [median(settled.slice(0, half)), median(settled.slice(half))];
  if (second <= first * factor + more) return undefined;
  return `${what}: ${second} in the second half, ${first} in the first`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
