import { type AttributeAction, applyActions } from '../../component/attribute_action.ts';
import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import { type FlowKind, kindAttributes } from '../../pdata/flow.ts';
import type { FlowColumns } from '../../pdata/flow_columns.ts';

const SIDES = ['source', 'destination'] as const;
type Side = (typeof SIDES)[number];

const ADDRESSES = SIDES.map((side) => `${side}.address`);
const PORT = 'destination.port';

/** So many sets of attributes are remembered. */
const MOST_SETS = 10_000;

/**
 * The actions on flows. What a flow has by column, which are its port and its addresses, can only be deleted, and no value is copied
 * between an end and the rest of a flow: flows that share an end, or a kind, would have to be told apart.
 */
export class FlowActions {
  readonly #ofKinds: readonly AttributeAction[];
  readonly #ofSides: Readonly<Record<Side, readonly AttributeAction[]>>;
  readonly #deleted: ReadonlySet<string>;
  readonly #sets = new Map<string, AttributeSet>();
  readonly #who: Readonly<Record<Side, WeakMap<AttributeSet, AttributeSet>>> = {
    source: new WeakMap(),
    destination: new WeakMap(),
  };

  constructor(actions: readonly AttributeAction[]) {
    const byColumn = [...ADDRESSES, PORT];
    const within = actions.filter(({ key, from_attribute }) => {
      return !byColumn.includes(key) && (from_attribute === undefined || partOf(from_attribute) === partOf(key));
    });
    const of = (part: string) => within.filter(({ key }) => partOf(key) === part);
    this.#ofKinds = of('');
    this.#ofSides = { source: of('source'), destination: of('destination') };
    this.#deleted = new Set(actions.flatMap(({ key, action }) => (action === 'delete' && byColumn.includes(key) ? [key] : [])));
  }

  apply(flows: FlowColumns): FlowColumns {
    const kinds = this.#ofKinds.length === 0 ? flows.kinds : flows.kinds.map((kind) => this.#kind(kind));
    const port = this.#deleted.has(PORT) ? new Uint16Array(flows.length) : flows.port;
    const isOfEnds = SIDES.some((side) => this.#ofSides[side].length > 0) || ADDRESSES.some((name) => this.#deleted.has(name));
    return { ...flows, kinds, port, ...(isOfEnds ? this.#ends(flows) : {}) };
  }

  #kind(kind: FlowKind): FlowKind {
    const all = kindAttributes(kind);
    const after = applyActions(all, this.#ofKinds);
    if (after === all) return kind;
    const rest: Record<string, AttributeValue> = { ...after };
    /** A value of another type stays among the attributes. */
    const take = <T extends string | number>(name: string, none: T): T => {
      const value = rest[name];
      if (typeof value !== typeof none) return none;
      delete rest[name];
      return value as T;
    };
    return {
      transport: take('network.transport', ''),
      interface: take('network.interface.name', ''),
      netns: take('network.namespace.inode', 0),
      netnsCookie: take('network.namespace.cookie', 0),
      netnsName: take('network.namespace.name', ''),
      attributes: this.#set(rest),
    };
  }

  /** An end may be the source of one flow and the destination of another: each is there once for either. */
  #ends({ addresses, who, destination }: FlowColumns): Pick<FlowColumns, 'addresses' | 'who' | 'destination'> {
    const addressesOf = (name: string) => (this.#deleted.has(name) ? addresses.map(() => undefined) : addresses);
    return {
      addresses: ADDRESSES.flatMap(addressesOf),
      who: SIDES.flatMap((side) => who.map((attributes) => this.#end(side, attributes))),
      destination: destination.map((end) => end + addresses.length),
    };
  }

  #end(side: Side, attributes: AttributeSet): AttributeSet {
    const known = this.#who[side].get(attributes);
    if (known !== undefined) return known;
    const all = Object.fromEntries(Object.entries(attributes.values).map(([name, value]) => [`${side}.${name}`, value]));
    const after = applyActions(all, this.#ofSides[side]);
    const changed =
      after === all
        ? attributes
        : this.#set(Object.fromEntries(Object.entries(after).map(([name, value]) => [name.slice(side.length + 1), value])));
    this.#who[side].set(attributes, changed);
    return changed;
  }

  /** The same object for the same attributes, as later stages expect. */
  #set(values: Readonly<Record<string, AttributeValue>>): AttributeSet {
    const made = new AttributeSet(values);
    const known = this.#sets.get(made.key);
    if (known !== undefined) return known;
    if (this.#sets.size >= MOST_SETS) this.#sets.clear();
    this.#sets.set(made.key, made);
    return made;
  }
}

/** What of a flow has an attribute of this name: an end of it, or neither. */
function partOf(name: string): Side | '' {
  if (name === PORT) return '';
  return SIDES.find((side) => name.startsWith(`${side}.`)) ?? '';
}
