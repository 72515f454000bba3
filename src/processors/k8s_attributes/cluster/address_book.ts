import type { AddressKey } from '../../../pdata/ip_address.ts';

interface Listed {
  readonly uid: string;
  readonly addresses: readonly AddressKey[];
}

/** Records by address; those that have the same one in the order of `compare`. */
export class AddressBook<T extends Listed> {
  readonly #byAddress = new Map<AddressKey, readonly T[]>();
  readonly #compare: (one: T, other: T) => number;

  constructor(compare: (one: T, other: T) => number) {
    this.#compare = compare;
  }

  /** The first of those that have it. */
  first(key: AddressKey): T | undefined {
    return this.#byAddress.get(key)?.[0];
  }

  all(key: AddressKey): readonly T[] {
    return this.#byAddress.get(key) ?? NONE;
  }

  /** Takes `before` out and puts `after` in. */
  change(before: T | undefined, after: T | undefined): void {
    for (const key of before?.addresses ?? []) {
      const left = this.all(key).filter(({ uid }) => uid !== before?.uid);
      if (left.length === 0) this.#byAddress.delete(key);
      else this.#byAddress.set(key, left);
    }
    if (after === undefined) return;
    for (const key of after.addresses) this.#byAddress.set(key, [...this.all(key), after].sort(this.#compare));
  }
}

const NONE: readonly never[] = [];
