import { AttributeSet, type AttributeValue } from '../../../pdata/attributes.ts';

export type Values = Readonly<Record<string, AttributeValue>>;

/**
 * The attributes of one object. They are made on first use, because most pods never lose a packet, and checked again when the cluster has a
 * new version. If they are unchanged, the same object is kept.
 */
export class Described {
  #set: AttributeSet | undefined;
  #version = -1;

  /** The set if it has this version; else undefined, and {@link make} must be called. */
  at(version: number): AttributeSet | undefined {
    return this.#version === version ? this.#set : undefined;
  }

  make(version: number, values: Values): AttributeSet {
    this.#version = version;
    if (this.#set === undefined || !isSame(this.#set.values, values)) this.#set = new AttributeSet(values);
    return this.#set;
  }

  /** As it was last made. */
  get last(): AttributeSet | undefined {
    return this.#set;
  }

  /** What it shows has changed. */
  outdate(): void {
    this.#version = -1;
  }
}

function isSame(one: Values, other: Values): boolean {
  const names = Object.keys(other);
  return names.length === Object.keys(one).length && names.every((name) => one[name] === other[name]);
}
