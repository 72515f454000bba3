import type { AttributeSet } from '../../pdata/attributes.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import type { FlowColumns } from '../../pdata/flow_columns.ts';
import type { PodDropsConfig } from './config.ts';
import type { Series, SeriesTable } from './series.ts';
import { makeSide, type Side } from './side.ts';

/** Series by a number that is made of the ids of sides; null: it is summed in the overflow. */
export type Place = Map<number, Series | null>;

/** Where the series of a read's flows are, in one direction. */
export interface Places {
  of(flow: number): Place;
}

/**
 * The way from a flow to its series without making the attributes of either: there may be 65,536 flows a read. The stages
 * before hand on the same sets at each read, so they are told by identity. What is known here is forgotten at times as a
 * whole, so that it is bounded and keeps no pod that is gone.
 */
export class SeriesCache {
  /** Two sides of one flow make one number that is exact. */
  static readonly MOST_SIDES = 2 ** 26;
  static readonly #MOST = 131_072;
  static readonly #MOST_ENDED = 1_000;

  readonly #table: SeriesTable;
  readonly #config: PodDropsConfig;
  readonly #byPort: boolean;
  #sides = new Map<AttributeSet, Side>();
  #places = new Map<string, Map<AttributeSet, Map<number, Place>>>();
  #kept = 0;
  #room = 0;
  #refused = false;

  constructor(table: SeriesTable, config: PodDropsConfig) {
    this.#table = table;
    this.#config = config;
    this.#byPort = (config.context === 'local' ? config.labels : config.destination).includes('port');
  }

  /** To be called before the flows of a read. */
  begin(): void {
    const ended = this.#table.room - this.#room;
    // What found no room may find some now.
    if (!(this.#refused && ended > 0) && ended < SeriesCache.#MOST_ENDED && this.#size < SeriesCache.#MOST) return;
    this.#room = this.#table.room;
    this.#refused = false;
    this.#sides = new Map();
    this.#places = new Map();
    this.#kept = 0;
  }

  get #size(): number {
    return this.#kept + this.#sides.size;
  }

  /** What each end of these flows is to us, by its number. */
  sides({ who }: FlowColumns): readonly Side[] {
    return who.map((attributes) => this.#side(attributes));
  }

  /** Where their series are. */
  places({ kinds, kind, port }: FlowColumns, direction: string): Places {
    const known: (Place | undefined)[] = [];
    return {
      of: (flow) => {
        const number = kind[flow] as number;
        const { attributes } = kinds[number] as FlowKind;
        if (this.#byPort) return this.#place(attributes, direction, port[flow] as number);
        known[number] ??= this.#place(attributes, direction, 0);
        return known[number];
      },
    };
  }

  #side(attributes: AttributeSet): Side {
    let side = this.#sides.get(attributes);
    if (side === undefined) {
      side = makeSide(this.#sides.size, attributes, this.#config);
      this.#sides.set(attributes, side);
    }
    return side;
  }

  #place(attributes: AttributeSet, direction: string, port: number): Place {
    let byAttributes = this.#places.get(direction);
    if (byAttributes === undefined) {
      byAttributes = new Map();
      this.#places.set(direction, byAttributes);
    }
    let byPort = byAttributes.get(attributes);
    if (byPort === undefined) {
      byPort = new Map();
      byAttributes.set(attributes, byPort);
    }
    let place = byPort.get(port);
    if (place === undefined) {
      place = new Map();
      byPort.set(port, place);
    }
    return place;
  }

  /** The series of these attributes, found or made, and put where it is found again. */
  keep(place: Place, key: number, attributes: AttributeSet, uids: readonly string[]): Series | null {
    const series = this.#table.admit(attributes, uids) ?? null;
    place.set(key, series);
    if (series === null) this.#refused = true;
    this.#kept++;
    return series;
  }
}
