import { native } from '../probe.ts';

/** Addresses that are remembered; there are hundreds. */
const MOST = 65_536;

/** Names of kernel functions by return address. Each address is looked up once, because a look-up reads all symbols (50 ms). */
export class SymbolNames {
  readonly #names = new Map<bigint, string>([[0n, '']]);

  /** Learns the names of those that weren't seen before. */
  learn(addresses: Iterable<bigint>): void {
    // Modules come and go, and others' functions lie where theirs were.
    if (this.#names.size > MOST) {
      this.#names.clear();
      this.#names.set(0n, '');
    }
    const unknown = [...new Set(addresses)].filter((address) => !this.#names.has(address));
    if (unknown.length === 0) return;
    const names = native().symbolsAt(unknown);
    unknown.forEach((address, i) => {
      this.#names.set(address, names[i] ?? '');
    });
  }

  /** Empty if unknown. */
  of(address: bigint): string {
    return this.#names.get(address) ?? '';
  }
}
