import type { Probe } from './probe.ts';

const UNKNOWN = 'unknown';
/** Interfaces that may share a namespace's part of the keys: indices are 31 bits. */
const SPAN = 0x8000_0000;

/** What interfaces are called, by namespace and index, as the kernel side noted it when it first saw a flow of each. */
export class InterfaceNames {
  readonly #probe: Pick<Probe, 'interfaces'>;
  readonly #names = new Map<number, string>();
  /** Asked at most once a read: what isn't there then has no name. */
  #isAsked = false;

  constructor(probe: Pick<Probe, 'interfaces'>) {
    this.#probe = probe;
  }

  /** A read begins. */
  begin(): void {
    this.#isAsked = false;
  }

  of(netns: number, ifindex: number): string {
    if (ifindex === 0) return UNKNOWN;
    // Inode numbers have 32 bits and indices 31, so two pairs may have one sum beyond 2^53; none that a kernel gives has.
    const key = netns * SPAN + ifindex;
    const name = this.#names.get(key);
    if (name !== undefined) return name;
    if (!this.#isAsked) this.#ask();
    return this.#names.get(key) ?? UNKNOWN;
  }

  /** The kernel keeps the latest only, and so does this: no namespace that is gone stays here. */
  #ask(): void {
    this.#isAsked = true;
    this.#names.clear();
    for (const { netns, ifindex, name } of this.#probe.interfaces()) this.#names.set(netns * SPAN + ifindex, name);
  }
}
