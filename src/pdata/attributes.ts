/** A value of an attribute, as OpenTelemetry knows it (numbers are integers, except those of a configuration). */
export type AttributeValue = string | number | boolean;

/**
 * The identity of a series: attribute names with their values, immutable, with its canonical key worked out once.
 * Two sets with the same names and values have the same `key`, whatever the order they were given in.
 */
export class AttributeSet {
  readonly values: Readonly<Record<string, AttributeValue>>;
  readonly key: string;

  constructor(values: Readonly<Record<string, AttributeValue>>) {
    const names = Object.keys(values).sort();
    this.values = Object.freeze(Object.fromEntries(names.map((name) => [name, values[name] as AttributeValue])));
    this.key = JSON.stringify(this.values);
  }

  get(name: string): AttributeValue | undefined {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined;
  }

  /** This set without `name`; the same set if it has no such attribute. */
  without(name: string): AttributeSet {
    if (!Object.hasOwn(this.values, name)) return this;
    const { [name]: _, ...rest } = this.values;
    return new AttributeSet(rest);
  }
}
