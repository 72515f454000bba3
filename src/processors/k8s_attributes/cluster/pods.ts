import { isDeepStrictEqual } from 'node:util';
import type { WatchEvents } from '../../../kubernetes/watched_resource.ts';
import type { AddressKey } from '../../../pdata/ip_address.ts';
import { Described } from './described.ts';
import { HostPorts } from './host_ports.ts';
import type { Claim, Pod } from './pod.ts';
import type { PodRecord } from './records.ts';

/** How long a pod is known after it was deleted, as in the Collector: its last drops are read after that. */
const KEPT_MILLIS = 120_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface PodListener {
  /** The first to own this address, or another than before. */
  claimed(claim: Claim): void;
  /** Before it is marked as deleted: the last moment when all it belongs to is known. */
  deleting(pod: Pod): void;
}

/**
 * Pods by address. If several report the same address, the one that started last has it. A deleted pod keeps its address for two minutes,
 * or until another pod takes it.
 */
export class Pods implements WatchEvents<PodRecord> {
  readonly #byUid = new Map<string, Writable<Pod>>();
  /** The owner first. A single claim, the usual case, takes no array. */
  readonly #byAddress = new Map<AddressKey, Claim | readonly Claim[]>();
  readonly #hostPorts = new HostPorts();
  /** Deleted pods, the oldest first. */
  readonly #deleted = new Set<Writable<Pod>>();
  /** Uids of pods that were deleted or have finished since the last query. */
  readonly #ended = new Set<string>();
  readonly #listener: PodListener;
  readonly #now: () => number;

  constructor(listener: PodListener, now: () => number) {
    this.#listener = listener;
    this.#now = now;
  }

  /** Those with an address or a port of their node, deleted ones too. */
  get size(): number {
    return this.#byUid.size;
  }

  owner(key: AddressKey): Claim | undefined {
    const claims = this.#byAddress.get(key);
    return claims === undefined || isOne(claims) ? claims : claims[0];
  }

  /** The claim of the only pod with this port of a node, at this address; undefined if there is none, or several. */
  atHostPort(node: string, transport: string, port: number, address: AddressKey): Claim | undefined {
    const pod = this.#hostPorts.find(node, transport, port, address);
    return pod?.claims.find(({ key }) => key === address) ?? pod?.claims[0];
  }

  replaced(all: readonly PodRecord[]): void {
    const uids = new Set(all.map(({ uid }) => uid));
    for (const uid of [...this.#byUid.keys()]) if (!uids.has(uid)) this.deleted(uid);
    for (const record of all) this.set(record);
  }

  set(record: PodRecord): void {
    const pod = this.#byUid.get(record.uid);
    if (pod === undefined) {
      if (record.addresses.length > 0) this.#add(record);
      return;
    }
    if (pod.deletedMillis === undefined && isDeepStrictEqual(pod.record, record)) return;
    const before = pod.claims;
    for (const claim of before) this.#release(claim);
    this.#hostPorts.remove(pod);
    this.#deleted.delete(pod);
    if (record.addresses.length === 0) {
      // Other holders of its claims can still read its attributes.
      this.#byUid.delete(record.uid);
      this.#ended.add(record.uid);
      return;
    }
    pod.deletedMillis = undefined;
    pod.record = record;
    pod.claims = record.addresses.map((key) => before.find((claim) => claim.key === key) ?? claimOf(pod, key));
    this.#hostPorts.add(pod);
    for (const claim of pod.claims) {
      claim.shown.outdate();
      this.#claim(claim);
    }
  }

  deleted(uid: string): void {
    const pod = this.#byUid.get(uid);
    if (pod === undefined || pod.deletedMillis !== undefined) return;
    this.#listener.deleting(pod);
    pod.deletedMillis = this.#now();
    this.#ended.add(uid);
    this.#deleted.add(pod);
    // If another pod reports the address too, that one gets it now.
    for (const claim of pod.claims) if (!isOne(this.#byAddress.get(claim.key) ?? claim)) this.#release(claim);
  }

  /** Uids of the pods that have ended since the last call. */
  takeEnded(): string[] {
    const ended = [...this.#ended];
    this.#ended.clear();
    return ended;
  }

  /**
   * Replaces pods that were watched before. Pods unknown here have ended. If the same pods were selected, recently deleted ones are kept,
   * because their last drops may still be read.
   */
  succeed(before: Pods, askedForTheSame: boolean): void {
    for (const uid of [...before.#byUid.keys()]) if (!this.#byUid.has(uid)) before.deleted(uid);
    for (const uid of before.#ended) this.#ended.add(uid);
    if (!askedForTheSame) return;
    const later = [...this.#deleted];
    this.#deleted.clear();
    for (const pod of before.#deleted) if (!this.#byUid.has(pod.record.uid)) this.#adopt(pod);
    for (const pod of later) this.#deleted.add(pod);
  }

  /** Forgets the pods that were deleted two minutes ago. */
  expire(): void {
    const now = this.#now();
    for (const pod of this.#deleted) {
      if (now - (pod.deletedMillis ?? now) < KEPT_MILLIS) break;
      for (const claim of pod.claims) this.#release(claim);
      this.#hostPorts.remove(pod);
      this.#deleted.delete(pod);
      this.#byUid.delete(pod.record.uid);
    }
  }

  #add(record: PodRecord): void {
    const pod: Writable<Pod> = { record, claims: [], deletedMillis: undefined };
    pod.claims = record.addresses.map((key) => claimOf(pod, key));
    this.#byUid.set(record.uid, pod);
    this.#hostPorts.add(pod);
    for (const claim of pod.claims) this.#claim(claim);
  }

  /** A deleted pod keeps its addresses while no other pod has them. */
  #adopt(pod: Writable<Pod>): void {
    this.#byUid.set(pod.record.uid, pod);
    this.#hostPorts.add(pod);
    this.#deleted.add(pod);
    if (pod.record.isOnHost) return;
    for (const claim of pod.claims) if (!this.#byAddress.has(claim.key)) this.#byAddress.set(claim.key, claim);
  }

  #claim(claim: Claim): void {
    const { key, pod } = claim;
    // The address is the node's.
    if (pod.record.isOnHost) return;
    const held = this.#byAddress.get(key);
    const others = (held === undefined ? [] : isOne(held) ? [held] : held).filter(
      (other) => other.pod.deletedMillis === undefined,
    );
    // At the same start the later news wins.
    const place = others.findIndex((other) => other.pod.record.startMillis <= pod.record.startMillis);
    const claims = others.toSpliced(place === -1 ? others.length : place, 0, claim);
    this.#byAddress.set(key, claims.length === 1 ? claim : claims);
    if (claims[0] === claim) this.#listener.claimed(claim);
  }

  #release(claim: Claim): void {
    const held = this.#byAddress.get(claim.key);
    if (held === undefined) return;
    if (isOne(held)) {
      if (held === claim) this.#byAddress.delete(claim.key);
      return;
    }
    const left = held.filter((other) => other !== claim);
    const first = left[0] as Claim;
    this.#byAddress.set(claim.key, left.length === 1 ? first : left);
    if (first !== held[0]) this.#listener.claimed(first);
  }
}

function isOne(claims: Claim | readonly Claim[]): claims is Claim {
  return !Array.isArray(claims);
}

function claimOf(pod: Pod, key: AddressKey): Claim {
  return { pod, key, shown: new Described() };
}
