import type { AttributeSet } from './attributes.ts';
import type { FlowKind, FlowRow } from './flow.ts';
import type { IpAddress } from './ip_address.ts';
import type { Sums } from './sums.ts';

/**
 * The flows of a read by column: the nth flow has the nth item of each. A read may have 65,536 flows, and an object for each would be
 * garbage at the next read. Kinds and ends that flows share are stored once, and flows refer to them by number. Nothing changes once it
 * has been passed on.
 */
export interface FlowColumns {
  readonly length: number;
  readonly kinds: readonly FlowKind[];
  /** Numbers of kinds. */
  readonly kind: Uint32Array;
  /** Of each end; see {@link FlowEnd}. An address may be there several times. */
  readonly addresses: readonly (IpAddress | undefined)[];
  /** Who each end is; see {@link FlowEnd}. */
  readonly who: readonly AttributeSet[];
  /** Numbers of ends, as the next. */
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  /** See {@link FlowRow}, as for the next two. */
  readonly port: Uint16Array;
  readonly drops: Float64Array;
  /** NaN for failed calls, which have none. */
  readonly bytes: Float64Array;
}

/** The nth flow as an object, for who has few of them to do with. */
export function flowAt(flows: FlowColumns, index: number): FlowRow {
  const kind = flows.kinds[flows.kind[index] as number] as FlowKind;
  const [source, destination] = [flows.source[index] as number, flows.destination[index] as number];
  return {
    attributes: kind.attributes,
    source: { address: flows.addresses[source], attributes: flows.who[source] as AttributeSet },
    destination: { address: flows.addresses[destination], attributes: flows.who[destination] as AttributeSet },
    transport: kind.transport,
    port: flows.port[index] as number,
    interface: kind.interface,
    netns: kind.netns,
    netnsCookie: kind.netnsCookie,
    netnsName: kind.netnsName,
    drops: flows.drops[index] as number,
    bytes: bytesAt(flows, index),
  };
}

/** Undefined for failed calls. */
export function bytesAt({ bytes }: FlowColumns, index: number): number | undefined {
  const count = bytes[index] as number;
  return Number.isNaN(count) ? undefined : count;
}

/** Every flow as an object. */
export function* flowRows(flows: FlowColumns): Generator<FlowRow> {
  for (let index = 0; index < flows.length; index++) yield flowAt(flows, index);
}

export function columnsOf(rows: readonly FlowRow[]): FlowColumns {
  return {
    length: rows.length,
    kinds: rows,
    kind: Uint32Array.from(rows, (_, index) => index),
    addresses: rows.flatMap(({ source, destination }) => [source.address, destination.address]),
    who: rows.flatMap(({ source, destination }) => [source.attributes, destination.attributes]),
    source: Uint32Array.from(rows, (_, index) => 2 * index),
    destination: Uint32Array.from(rows, (_, index) => 2 * index + 1),
    port: Uint16Array.from(rows, ({ port }) => port),
    drops: Float64Array.from(rows, ({ drops }) => drops),
    bytes: Float64Array.from(rows, ({ bytes }) => bytes ?? Number.NaN),
  };
}

/** Those of the flows that have these indices. */
export function selectFlows(flows: FlowColumns, indices: Uint32Array): FlowColumns {
  return {
    length: indices.length,
    kinds: flows.kinds,
    kind: indices.map((index) => flows.kind[index] as number),
    addresses: flows.addresses,
    who: flows.who,
    source: indices.map((index) => flows.source[index] as number),
    destination: indices.map((index) => flows.destination[index] as number),
    port: Uint16Array.from(indices, (index) => flows.port[index] as number),
    drops: Float64Array.from(indices, (index) => flows.drops[index] as number),
    bytes: Float64Array.from(indices, (index) => flows.bytes[index] as number),
  };
}

/** All flows of several, in their order. */
export function joinFlows(all: readonly FlowColumns[]): FlowColumns {
  const filled = all.filter(({ length }) => length > 0);
  if (filled.length === 1) return filled[0] as FlowColumns;
  const length = filled.reduce((sum, each) => sum + each.length, 0);
  const joined = {
    length,
    kinds: filled.flatMap(({ kinds }) => kinds),
    kind: new Uint32Array(length),
    addresses: filled.flatMap(({ addresses }) => addresses),
    who: filled.flatMap(({ who }) => who),
    source: new Uint32Array(length),
    destination: new Uint32Array(length),
    port: new Uint16Array(length),
    drops: new Float64Array(length),
    bytes: new Float64Array(length),
  };
  let [at, kinds, ends] = [0, 0, 0];
  for (const each of filled) {
    joined.kind.set(
      each.kind.map((number) => number + kinds),
      at,
    );
    for (const side of ['source', 'destination'] as const) {
      joined[side].set(
        each[side].map((number) => number + ends),
        at,
      );
    }
    for (const column of ['port', 'drops', 'bytes'] as const) joined[column].set(each[column], at);
    at += each.length;
    kinds += each.kinds.length;
    ends += each.addresses.length;
  }
  return joined;
}

/** What all of them come to. */
export function sumOfFlows({ length, drops, bytes }: FlowColumns): Sums {
  const sums = { drops: 0, bytes: 0 };
  for (let index = 0; index < length; index++) {
    sums.drops += drops[index] as number;
    sums.bytes += bytes[index] || 0;
  }
  return sums;
}
