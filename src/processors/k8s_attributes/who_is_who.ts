import { AttributeSet } from '../../pdata/attributes.ts';
import type { IpAddress } from '../../pdata/ip_address.ts';
import type { PortOfNode } from './cluster/cluster.ts';
import { isUnicast } from './cluster/unicast.ts';
import type { LiveCluster } from './live_cluster.ts';
import type { WaitingFlows } from './waiting_flows.ts';

/** A valid address of which a cluster that is known whole knows nothing. */
export const WORLD = new AttributeSet({ 'k8s.namespace.name': 'world', 'k8s.pod.name': 'world' });
/** No address, one that no single host has, or a cluster that isn't known (yet). */
export const UNKNOWN = new AttributeSet({ 'k8s.namespace.name': 'unknown', 'k8s.pod.name': 'unknown' });

/**
 * Says who is at the ends of flows. After a reload the cluster of before it is still watched, and answers, until ours is as current.
 * Where that one showed something else, ours answers as soon as its lists have come; only a flow whose time is over before that shows
 * what it did before.
 */
export class WhoIsWho {
  readonly #own: LiveCluster;
  readonly #waiting: WaitingFlows;
  /** Whether every pod of the cluster will be known, so that one behind a service is worth waiting for. */
  readonly #asksForAll: boolean;
  #previous: LiveCluster | undefined;
  /** Whose word is taken at once; none while all flows have to wait. */
  #trusted: LiveCluster | undefined;
  /** The clusters to look up a flow whose time is over, best first. */
  #all: readonly LiveCluster[];
  #stopped: Promise<void> = Promise.resolve();

  constructor(own: LiveCluster, waiting: WaitingFlows, asksForAll: boolean) {
    this.#own = own;
    this.#waiting = waiting;
    this.#asksForAll = asksForAll;
    this.#all = [own];
  }

  /** Before the first flow: who knew the cluster before a reload. */
  begin(previous: LiveCluster | undefined): void {
    this.#previous = previous;
    if (previous === undefined) this.#trust(this.#own);
    else if (previous.view === this.#own.view) {
      this.#all = [previous, this.#own];
      this.#trust(previous);
    } else {
      this.#all = [this.#own, previous];
      previous.cluster.onClaim = undefined;
      this.#waiting.forgetEnds();
    }
  }

  /** Forgets pods that are long gone, and the cluster of before the reload once it isn't needed any more. */
  update(): void {
    for (const { cluster } of this.#all) cluster.pods.expire();
    if (this.#previous !== undefined && this.#own.isAsCurrentAs(this.#previous)) this.#retire(this.#previous);
    else if (this.#trusted === undefined && this.#own.isListed) this.#trust(this.#own);
  }

  /** `k8s.pod.uid` of the pods that have ended since the last call. */
  takeEnded(): string[] {
    const ended = this.#all.flatMap(({ cluster }) => cluster.pods.takeEnded());
    return this.#all.length === 1 ? ended : [...new Set(ended)];
  }

  /** Whether the answer for a destination may be another one with its port. */
  needsPort(address: IpAddress | undefined): boolean {
    return address !== undefined && (this.#trusted?.cluster.isNode(address.key) ?? false);
  }

  /** The owner; undefined if unknown so far. `at` is the destination of a flow, if this is one. */
  known(address: IpAddress | undefined, at?: PortOfNode): AttributeSet | undefined {
    if (address === undefined) return UNKNOWN;
    const { key } = address;
    const found = this.#trusted?.cluster.find(key, at);
    if (found !== undefined) return found;
    if (!isUnicast(key)) return UNKNOWN;
    return this.#asksForAll ? undefined : this.#trusted?.cluster.findBehindService(key);
  }

  /** Who that is, or what to call it, after it has waited for so long: a pod that is younger than what we know isn't the world. */
  finally(address: IpAddress | undefined, at: PortOfNode | undefined, waitedMillis: number): AttributeSet {
    const known = this.known(address, at);
    if (known !== undefined || address === undefined) return known ?? UNKNOWN;
    const { key } = address;
    const isCurrent = this.#all.some(({ filter, behindMillis }) => filter === this.#own.filter && behindMillis <= waitedMillis);
    for (const { cluster } of this.#all) {
      const found = cluster.find(key, at) ?? cluster.findBehindService(key) ?? cluster.findInPodNetwork(key, isCurrent);
      if (found !== undefined) return found;
    }
    return isCurrent ? WORLD : UNKNOWN;
  }

  /** Ends every list and watch but those of `but`. */
  async stop(but?: LiveCluster): Promise<void> {
    const ending = [this.#own, ...this.#all].filter((live) => live !== but);
    await Promise.all([this.#stopped, ...ending.map((live) => live.stop())]);
  }

  /** The cluster to pass on at a reload: ours, unless the previous one still knows more. */
  get handedOn(): LiveCluster {
    return this.#previous ?? this.#own;
  }

  #trust(live: LiveCluster): void {
    this.#trusted = live;
    listen(live, this.#waiting);
    this.#waiting.lookAgain();
  }

  #retire(previous: LiveCluster): void {
    const [before, own] = [previous.cluster, this.#own.cluster];
    before.onClaim = undefined;
    own.pods.succeed(before.pods, previous.filter === this.#own.filter);
    this.#previous = undefined;
    this.#all = [this.#own];
    this.#trust(this.#own);
    this.#stopped = previous.stop();
  }
}

/** A separate function, so that a cluster that is passed on doesn't refer to its previous owner. */
function listen({ cluster }: LiveCluster, waiting: WaitingFlows): void {
  cluster.onClaim = (claim) => waiting.arrived(claim, cluster);
}
