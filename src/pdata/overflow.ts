import { AttributeSet } from './attributes.ts';

/** The attribute of the SDK's specification for a series that sums everything without a series of its own. */
export const OVERFLOW = 'otel.metric.overflow';

const made = new Map<string, AttributeSet>();

/** The overflow series of a reason and direction, which are all that it has. The same object for the same two. */
export function overflowSeries(reason: string, direction: string): AttributeSet {
  const key = `${direction} ${reason}`;
  const series = made.get(key) ?? new AttributeSet({ reason, direction, [OVERFLOW]: 'true' });
  made.set(key, series);
  return series;
}

const known = new WeakMap<AttributeSet, AttributeSet>();

/** That of a row. */
export function overflowOf(attributes: AttributeSet): AttributeSet {
  let overflow = known.get(attributes);
  if (overflow === undefined) {
    overflow = overflowSeries(String(attributes.get('reason') ?? ''), String(attributes.get('direction') ?? 'unknown'));
    known.set(attributes, overflow);
  }
  return overflow;
}
