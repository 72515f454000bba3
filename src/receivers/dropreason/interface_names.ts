import type { Probe } from './probe.ts';

const UNKNOWN = 'unknown';

/** What interfaces are called, by namespace and index, as the kernel side noted it when it first saw a flow of each. */
export class InterfaceNames {
  readonly #probe: Pick<Probe, 'interfaces'>;
  /** By namespace, then by index: one number of both would have more bits than are exact. */
  readonly #names = new Map<number, Map<number, string>>();
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
    const name = this.#names.get(netns)?.get(ifindex);
    if (name !== undefined) return name;
    if (!this.#isAsked) this.#ask();
    return this.#names.get(netns)?.get(ifindex) ?? UNKNOWN;
  }

  /** The kernel keeps the latest only, and so does this: no namespace that is gone stays here. */
  #ask(): void {
    this.#isAsked = true;
    this.#names.clear();
    for (const { netns, ifindex, name } of this.#probe.interfaces()) {
      const names = this.#names.get(netns) ?? new Map<number, string>();
      this.#names.set(netns, names.set(ifindex, name));
    }
  }
}
