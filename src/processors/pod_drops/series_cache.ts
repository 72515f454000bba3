import type { AttributeSet } from '../../pdata/attributes.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import type { FlowColumns } from '../../pdata/flow_columns.ts';
import { WordTable } from '../../pdata/word_table.ts';
import type { PodDropsConfig } from './config.ts';
import type { Series, SeriesTable } from './series.ts';
import { makeSide, type Side } from './side.ts';

/** Words of a key: what its row is of, in which direction; the port; both sides. */
const KEY = 4;

/**
 * Finds the series of a flow without making its attributes: a read may have 65,536 flows. Earlier stages pass the same sets at each read,
 * so they are compared by identity. From time to time the cache is emptied, so that it is bounded and keeps no pod that is
 * gone.
 */
export class SeriesCache {
  static readonly #MOST = 131_072;
  static readonly #MOST_ENDED = 1_000;

  readonly #table: SeriesTable;
  readonly #config: PodDropsConfig;
  readonly #byPort: boolean;
  readonly #byTransport: boolean;
  #sides = new Map<AttributeSet, Side>();
  /** Numbers of what rows are of, by direction, and by protocol if that is an attribute. */
  #kinds = new Map<string, Map<AttributeSet, number>>();
  #kindsKept = 0;
  #keys = new WordTable(KEY);
  readonly #key = new Uint32Array(KEY);
  /** By the number of their key; null: it is summed in the overflow. */
  #series: (Series | null)[] = [];
  #room = 0;
  #refused = false;

  constructor(table: SeriesTable, config: PodDropsConfig) {
    this.#table = table;
    this.#config = config;
    this.#byPort = (config.context === 'local' ? config.labels : config.destination).includes('port');
    this.#byTransport = config.attributes.includes('network.transport');
  }

  /** To be called before the flows of a read. */
  begin(): void {
    const ended = this.#table.room - this.#room;
    // What found no room may find some now.
    if (!(this.#refused && ended > 0) && ended < SeriesCache.#MOST_ENDED && this.#size < SeriesCache.#MOST) return;
    this.#room = this.#table.room;
    this.#refused = false;
    this.#sides = new Map();
    this.#kinds = new Map();
    this.#kindsKept = 0;
    this.#keys = new WordTable(KEY);
    this.#series = [];
  }

  get #size(): number {
    return this.#series.length + this.#sides.size;
  }

  /** What each end of these flows is to us, by its number. */
  sides({ who }: FlowColumns): readonly Side[] {
    return who.map((attributes) => this.#side(attributes));
  }

  /** Numbers of what these flows are of, in one direction, by their kind. */
  kinds({ kinds }: FlowColumns, direction: string): readonly number[] {
    return kinds.map((kind) => this.#kind(kind, direction));
  }

  /** The number of a series; its place until the next {@link begin}. */
  numberOf(kind: number, port: number, source: number, destination: number): number {
    const key = this.#key;
    key[0] = kind;
    key[1] = this.#byPort ? port : 0;
    key[2] = source;
    key[3] = destination;
    return this.#keys.numberOf(key, 0);
  }

  /** Undefined if it is unknown or has ended. */
  at(number: number): Series | null | undefined {
    const series = this.#series[number];
    return series?.ended ? undefined : series;
  }

  /** The series with these attributes, found or created, and cached. */
  keep(number: number, attributes: AttributeSet, uids: readonly string[]): Series | null {
    const series = this.#table.admit(attributes, uids) ?? null;
    this.#series[number] = series;
    if (series === null) this.#refused = true;
    return series;
  }

  #side(attributes: AttributeSet): Side {
    let side = this.#sides.get(attributes);
    if (side === undefined) {
      side = makeSide(this.#sides.size, attributes, this.#config);
      this.#sides.set(attributes, side);
    }
    return side;
  }

  #kind({ attributes, transport }: FlowKind, direction: string): number {
    const by = this.#byTransport ? `${direction} ${transport}` : direction;
    const known = this.#kinds.get(by) ?? new Map<AttributeSet, number>();
    this.#kinds.set(by, known);
    const number = known.get(attributes) ?? this.#kindsKept++;
    known.set(attributes, number);
    return number;
  }
}
