import type { AttributeSet } from '../../pdata/attributes.ts';

/** Reason, direction and class first, then the others by name. */
export function attributeColumns(sets: readonly AttributeSet[]): string[] {
  const first = ['reason', 'direction', 'class'];
  const names = new Set(sets.flatMap(({ values }) => Object.keys(values)));
  return [...first.filter((name) => names.has(name)), ...[...names].filter((name) => !first.includes(name)).sort()];
}
