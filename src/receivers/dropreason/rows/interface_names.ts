import type { InterfaceName, Probe } from '../probe.ts';
import { numberOf } from './namespaces.ts';

type InterfaceKey = Omit<InterfaceName, 'name'>;

const UNKNOWN = 'unknown';

/** What interfaces are called, by namespace and index, as the kernel side noted it when it first saw a flow of each. */
export class InterfaceNames {
  readonly #probe: Pick<Probe, 'interfaces'>;
  /** By number of the namespace, then by index: one number of both would have more bits than are exact. */
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

  of(key: InterfaceKey): string {
    if (key.ifindex === 0) return UNKNOWN;
    const name = this.#names.get(numberOf(key))?.get(key.ifindex);
    if (name !== undefined) return name;
    if (!this.#isAsked) this.#ask();
    return this.#names.get(numberOf(key))?.get(key.ifindex) ?? UNKNOWN;
  }

  /** The kernel keeps the latest only, and so does this: no namespace that is gone stays here. */
  #ask(): void {
    this.#isAsked = true;
    this.#names.clear();
    for (const { name, ...key } of this.#probe.interfaces()) {
      const names = this.#names.get(numberOf(key)) ?? new Map<number, string>();
      this.#names.set(numberOf(key), names.set(key.ifindex, name));
    }
  }
}
