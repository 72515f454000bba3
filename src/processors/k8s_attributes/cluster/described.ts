import { AttributeSet, type AttributeValue } from '../../../pdata/attributes.ts';

export type Values = Readonly<Record<string, AttributeValue>>;

/**
 * The attributes that something shows. They are made when they are first asked for, since most pods never lose a packet, and
 * looked at again when the cluster has a new version; where they show what they did, they stay the same object.
 */
export class Described {
  #set: AttributeSet | undefined;
  #version = -1;

  /** The set, where it is of this version; else undefined, and {@link make} has to follow. */
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
