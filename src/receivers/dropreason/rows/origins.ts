import type { Probe, Row } from '../probe.ts';
import { readChain } from './call_chain.ts';
import type { Origin } from './row_attributes.ts';
import { SymbolNames } from './symbol_names.ts';

/** Where a packet was freed. */
export type Place = Pick<Row, 'location' | 'stack'>;

/** Where packets ended: functions and call chains, from their addresses. */
export class Origins {
  readonly #probe: Pick<Probe, 'stacks'>;
  readonly #named: boolean;
  readonly #symbols = new SymbolNames();
  #stacks: ReadonlyMap<bigint, readonly bigint[]> = new Map();

  /** `named`: whether functions can be named. */
  constructor(probe: Pick<Probe, 'stacks'>, named: boolean) {
    this.#probe = probe;
    this.#named = named;
  }

  /** Looks up what these need, in one go. */
  learn(places: readonly Place[]): void {
    if (places.some(({ stack }) => stack !== 0n)) this.#stacks = this.#probe.stacks();
    if (this.#named) this.#symbols.learn(places.flatMap((place) => [place.location, ...(this.#chainOf(place) ?? [])]));
  }

  /** Of a place that has been learnt. */
  of(place: Place): Origin {
    const chain = this.#chainOf(place)?.map((address) => this.#symbols.of(address));
    return {
      freedBy: this.#symbols.of(place.location) || (chain?.[0] ?? ''),
      chain: chain === undefined ? undefined : readChain(chain),
    };
  }

  #chainOf({ stack }: Place): readonly bigint[] | undefined {
    return stack === 0n ? undefined : this.#stacks.get(stack)?.filter((address) => address !== 0n);
  }
}
