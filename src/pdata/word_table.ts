import { randomInt } from 'node:crypto';

/** Numbers runs of so many 32-bit words in the order in which they come: equal runs have the same number. It makes no objects. */
export class WordTable {
  readonly #width: number;
  /** Odd. Who sends packets chooses words, and must not be able to choose those that lie in one place. */
  readonly #factor = 2 * randomInt(2 ** 30) + 1;
  /** The runs by number. */
  #words: Uint32Array;
  /** Numbers + 1 by hash; 0 means none. At least twice as many slots as runs, a power of two. */
  #slots = new Uint32Array(1024);
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#words = new Uint32Array(512 * width);
  }

  /** How many numbers there are. */
  get size(): number {
    return this.#size;
  }

  /** The number of the run that begins at `at`; equal to the previous {@link size} if it is new. */
  numberOf(words: Uint32Array, at: number): number {
    const last = this.#slots.length - 1;
    let slot = this.#hash(words, at) & last;
    for (let found = this.#slots[slot] as number; found !== 0; found = this.#slots[slot] as number) {
      if (this.#isAt(found - 1, words, at)) return found - 1;
      slot = (slot + 1) & last;
    }
    this.#add(slot, words, at);
    return this.#size - 1;
  }

  #add(slot: number, words: Uint32Array, at: number): void {
    const width = this.#width;
    if ((this.#size + 1) * width > this.#words.length) this.#words = grown(this.#words);
    for (let word = 0; word < width; word++) this.#words[this.#size * width + word] = words[at + word] as number;
    this.#size++;
    this.#slots[slot] = this.#size;
    if (2 * this.#size > this.#slots.length) this.#spread();
  }

  /** Into twice as many slots. */
  #spread(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hash(this.#words, number * this.#width) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }

  #isAt(number: number, words: Uint32Array, at: number): boolean {
    const base = number * this.#width;
    for (let word = 0; word < this.#width; word++) if (this.#words[base + word] !== words[at + word]) return false;
    return true;
  }

  #hash(words: Uint32Array, at: number): number {
    let hash = this.#width;
    for (let word = 0; word < this.#width; word++) {
      hash = Math.imul(hash ^ (words[at + word] as number), this.#factor);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}

function grown(words: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}
