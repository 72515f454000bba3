import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { ComponentError } from '../../component/errors.ts';
import type { Settings } from '../../component/factory.ts';
import type { Host, SourceState } from '../../component/host.ts';
import { within } from '../../component/within.ts';
import { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { FlowEnd, FlowRead, FlowRow } from '../../pdata/flow.ts';
import { sumOf } from '../../pdata/sums.ts';
import { Cluster } from './cluster/cluster.ts';
import type { Claim } from './cluster/pods.ts';
import { isUnicast } from './cluster/unicast.ts';
import type { K8sAttributesConfig } from './config.ts';
import { FlowAccount } from './flow_account.ts';
import { type Connect, connect, Informers } from './informers.ts';
import { nodeName } from './node_name.ts';
import { watchedResources } from './resources.ts';
import { resolvedFlow, WaitingFlows } from './waiting_flows.ts';

/** A valid address of which a cluster that is known whole knows nothing. */
export const WORLD = new AttributeSet({ 'k8s.namespace.name': 'world', 'k8s.pod.name': 'world' });
/** No address, one that no single host has, or a cluster that isn't known (yet). */
export const UNKNOWN = new AttributeSet({ 'k8s.namespace.name': 'unknown', 'k8s.pod.name': 'unknown' });

export interface K8sAttributesOptions {
  /** Milliseconds on a clock that never steps. */
  readonly now?: () => number;
  readonly connect?: Connect;
  readonly mostWaiting?: number;
}

/**
 * What a reload hands to the next processor of this id, until that one's own lists have come: who was where, as it was last
 * known whole. One that has never known it puts nothing here, so that reloads while the API server is away neither forget who
 * was where nor pile up processors that know nothing.
 */
interface Kept {
  cluster: Cluster | undefined;
  /** What it shows, for the next to see whether it would show the same. */
  extract: string;
}

/**
 * Says who is at each end of a flow: who has its address when it is resolved, even where another had it when the packet was
 * dropped. A flow of which an end isn't known waits for `pending_timeout`, for the first pod that takes the address, and is handed
 * on with a later read; so a batch that is handed on may have more drops than its node rows rose by, or fewer.
 */
export class K8sAttributes implements Processor {
  readonly #settings: Settings;
  readonly #config: K8sAttributesConfig;
  readonly #next: Consumer;
  readonly #now: () => number;
  readonly #connect: Connect;
  readonly #cluster: Cluster;
  readonly #kept: Kept;
  /** That of before a reload, until our own is known. */
  #previous: Cluster | undefined;
  readonly #waiting: WaitingFlows;
  readonly #account: FlowAccount;
  /** Whether every pod of the cluster will be known, so that one behind a service is worth waiting for. */
  readonly #asksForAll: boolean;
  readonly #onClaim = (claim: Claim) => this.#waiting.arrived(claim);
  #informers: Informers | undefined;
  /** Of the last read, for what is handed on after it. */
  #last: Pick<DropBatch, 'startTimeMillis' | 'timeMillis' | 'steadyMillis'> | undefined;
  readonly #stopping = new AbortController();
  #hasWarned = false;

  constructor(settings: Settings, config: K8sAttributesConfig, next: Consumer, options: K8sAttributesOptions = {}) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#now = options.now ?? (() => performance.now());
    this.#connect = options.connect ?? connect;
    this.#cluster = new Cluster({ metadata: new Set(config.extract.metadata), now: this.#now });
    this.#cluster.onClaim = this.#onClaim;
    this.#kept = settings.keep<Kept>('cluster', () => ({ cluster: undefined, extract: '' }));
    const { filter } = config;
    this.#asksForAll = filter.labels.length === 0 && !(filter.node ?? filter.node_from_env_var ?? filter.namespace);
    this.#account = new FlowAccount(settings.meter, settings.id);
    this.#waiting = new WaitingFlows({
      timeoutMillis: config.pending_timeout,
      ...(options.mostWaiting === undefined ? {} : { most: options.mostWaiting }),
      describe: (claim) => this.#cluster.describe(claim),
      finally: (end, flow, waitedMillis) => this.#finally(end, flow, waitedMillis),
    });
  }

  /** Ends early, and quietly, where `shutdown` is called meanwhile. */
  async start(_host: Host): Promise<void> {
    const { filter, extract, wait_for_metadata: waits, wait_for_metadata_timeout: most } = this.#config;
    const watched = watchedResources(this.#config, nodeName(filter), this.#cluster);
    const informers = await this.#connect(watched, this.#config, this.#settings, this.#stopping.signal);
    if (this.#isStopped) return;
    this.#informers = new Informers(this.#settings.id, this.#settings.meter, watched, informers);
    this.#informers.start();
    if (waits && !(await this.#informers.synced(most))) {
      const why = this.#informers.states().flatMap(({ source, state, why: reason }) => `${source}: ${state} ${reason}`.trim());
      throw new ComponentError(`wait_for_metadata: not everything was known after ${most / 1000}s (${why.join('; ')})`);
    }
    if (this.#kept.extract === JSON.stringify(extract)) this.#previous = this.#kept.cluster;
  }

  /** Hands on what waits, as it is known now. */
  async shutdown(deadlineMillis: number): Promise<void> {
    this.#stopping.abort();
    const waiting = this.#take(true);
    if (waiting.length > 0 && this.#last !== undefined) {
      const { takenSinceMillis: sinceMillis } = this.#waiting;
      const flows = { rows: waiting, overflow: [], node: { drops: 0, bytes: 0 }, sinceMillis };
      this.#handOn({ ...this.#last, trigger: 'request', rows: [], losses: [], hooks: [] }, flows);
    }
    await within(deadlineMillis, this.#informers?.stop());
  }

  sources(): readonly SourceState[] {
    return this.#informers?.states() ?? [];
  }

  consume(batch: DropBatch): void {
    const { flows } = batch;
    this.#cluster.pods.expire();
    if (flows === undefined) {
      // In basic mode nobody will ask which pods have ended.
      if (this.#last === undefined && batch.trigger === 'interval') this.#cluster.pods.takeEnded();
      this.#next.consume(batch);
      return;
    }
    const endedPods = this.#cluster.pods.takeEnded();
    if (this.#informers?.knowAddresses === true && this.#kept.cluster !== this.#cluster) {
      // What ended while a reload had nobody look.
      endedPods.push(...(this.#previous?.pods.missingFrom(this.#cluster.pods) ?? []));
      this.#previous = undefined;
      this.#kept.cluster = this.#cluster;
      this.#kept.extract = JSON.stringify(this.#config.extract);
    }
    this.#account.count('node', flows.node);
    const rows = this.#take(this.#isStopped);
    const since = rows.length === 0 ? {} : { sinceMillis: this.#waiting.takenSinceMillis };
    this.#waiting.sinceMillis = this.#last?.timeMillis ?? batch.startTimeMillis;
    const { startTimeMillis, timeMillis, steadyMillis } = batch;
    this.#last = { startTimeMillis, timeMillis, steadyMillis };
    this.#resolve(flows.rows, rows);
    const ended = endedPods.length === 0 ? {} : { endedPods };
    this.#handOn(batch, { ...flows, rows, ...ended, ...since });
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #handOn(batch: DropBatch, flows: FlowRead): void {
    this.#account.count('published', sumOf(flows.rows));
    this.#account.count('overflow', sumOf(flows.overflow));
    this.#next.consume({ ...batch, flows });
  }

  /** Adds to `published` the flows that don't wait. */
  #resolve(flows: readonly FlowRow[], published: FlowRow[]): void {
    const waits = this.#config.pending_timeout > 0 && !this.#isStopped;
    const now = this.#now();
    const begun = { drops: 0, bytes: 0 };
    let unwaited = 0;
    for (const flow of flows) {
      const source = this.#known(flow.source);
      const destination = this.#known(flow.destination, flow);
      if (waits && (source === undefined || destination === undefined)) {
        if (this.#waiting.add(flow, source, destination, now)) {
          begun.drops += flow.drops;
          begun.bytes += flow.bytes ?? 0;
          continue;
        }
        unwaited += flow.drops;
      }
      const from = source ?? this.#finally(flow.source, undefined, 0);
      const to = destination ?? this.#finally(flow.destination, flow, 0);
      published.push(resolvedFlow(flow, from, to, flow.drops, flow.bytes));
    }
    this.#account.wait(begun, 1);
    this.#account.skipWaiting(unwaited);
    if (unwaited > 0 && !this.#hasWarned) {
      this.#hasWarned = true;
      this.#settings.logger.warn(
        `${this.#waiting.size} flows wait for their pods; what comes beyond that is published at once (said once; see dropreason.processor.unwaited)`,
      );
    }
  }

  #take(everything: boolean): FlowRow[] {
    const taken = this.#waiting.take(this.#now(), everything);
    this.#account.wait(sumOf(taken), -1);
    return taken;
  }

  /** Who that is; undefined where it isn't known and may be later. `at` is what it is the destination of. */
  #known({ address }: FlowEnd, at?: FlowRow): AttributeSet | undefined {
    if (address === undefined) return UNKNOWN;
    const { key } = address;
    const found = this.#cluster.find(key, at) ?? this.#previous?.find(key, at);
    if (found !== undefined) return found;
    if (!isUnicast(key)) return UNKNOWN;
    return this.#asksForAll ? undefined : this.#cluster.findBehindService(key);
  }

  /** Who that is, or what to call it, after it has waited for so long: a pod that is younger than what we know isn't the world. */
  #finally(end: FlowEnd, at: FlowRow | undefined, waitedMillis: number): AttributeSet {
    const known = this.#known(end, at);
    if (known !== undefined || end.address === undefined) return known ?? UNKNOWN;
    const { key } = end.address;
    const isCurrent = this.#informers !== undefined && this.#informers.behindMillis <= waitedMillis;
    const found = this.#cluster.findBehindService(key) ?? this.#cluster.findInPodNetwork(key, isCurrent);
    return found ?? (isCurrent ? WORLD : UNKNOWN);
  }
}
