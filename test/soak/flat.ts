/** A figure at one time of the run. */
export interface Sample {
  readonly minutes: number;
  readonly value: number;
}

/** The time that a short run needs to settle: code is compiled, allocator arenas grow, the longest `metric_expiration` passes. */
const WARM_UP_MINUTES = 1;

/**
 * The rise of a figure after the first tenth of the run, which is at least a minute: the slope of the line through its samples, times
 * the minutes. The slope is the median of the slopes between any two samples (Theil and Sen), so no single sample causes or hides it.
 */
export function riseOf(samples: readonly Sample[]): number {
  const last = samples.at(-1)?.minutes ?? 0;
  const settled = samples.filter(({ minutes }) => minutes >= Math.max(last / 10, WARM_UP_MINUTES));
  const slopes = settled.flatMap((from, index) =>
    settled.slice(index + 1).map((to) => (to.value - from.value) / (to.minutes - from.minutes)),
  );
  if (slopes.length === 0) throw new Error('too short a run: nothing was sampled after its start');
  return median(slopes) * (last - (settled[0] as Sample).minutes);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
