import { AttributeSet } from './attributes.ts';

/** As the SDK's specification names it: a series that sums what has no series of its own. */
const OVERFLOW = 'otel.metric.overflow';

const made = new Map<string, AttributeSet>();
const known = new WeakMap<AttributeSet, AttributeSet>();

/** The overflow series of a row: its reason and direction alone. The same object for all of which they are equal. */
export function overflowOf(attributes: AttributeSet): AttributeSet {
  let overflow = known.get(attributes);
  if (overflow !== undefined) return overflow;
  const set = new AttributeSet({
    reason: attributes.get('reason') ?? '',
    direction: attributes.get('direction') ?? 'unknown',
    [OVERFLOW]: 'true',
  });
  overflow = made.get(set.key) ?? set;
  made.set(set.key, overflow);
  known.set(attributes, overflow);
  return overflow;
}
