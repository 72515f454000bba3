import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { ComponentError } from '../../component/errors.ts';
import type { Settings } from '../../component/factory.ts';
import type { Host, SourceState } from '../../component/host.ts';
import { within } from '../../component/within.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import { bytesAt, columnsOf, type FlowColumns, flowAt, joinFlows, selectFlows, sumOfFlows } from '../../pdata/flow_columns.ts';
import type { FlowRead } from '../../pdata/flow_read.ts';
import { sumOf } from '../../pdata/sums.ts';
import type { K8sAttributesConfig } from './config.ts';
import { FlowAccount } from './flow_account.ts';
import { type Connect, connect } from './informers.ts';
import { LiveCluster } from './live_cluster.ts';
import { ResolvedEnds } from './resolved_ends.ts';
import { type Taker, WaitingFlows } from './waiting_flows.ts';
import { WhoIsWho } from './who_is_who.ts';

export interface K8sAttributesOptions {
  /** Milliseconds on a clock that never steps. */
  readonly now?: () => number;
  readonly connect?: Connect;
  readonly mostWaiting?: number;
}

/** Not created by a processor, because the function is passed on and would keep the processor alive. */
const steadyMillis = () => performance.now();

/** What outlives a reload, beside the flows that wait. */
interface Kept {
  /** The cluster from before the reload, until the next one has started, so that lists are never waited for again. */
  live: LiveCluster | undefined;
  /** Of the last read, for flows that are passed on after it. */
  last: Pick<DropBatch, 'startTimeMillis' | 'timeMillis' | 'steadyMillis'> | undefined;
}

/**
 * Resolves the ends of a flow: the current owner of the address, even if another had it when the packet was dropped. A flow with an unknown
 * end waits up to `pending_timeout` for the first pod that takes the address, and is passed on with a later read. So a batch may have more
 * or fewer drops than its node rows increased by. A reload does not affect waiting flows: the next processor passes
 * them on.
 */
export class K8sAttributes implements Processor {
  readonly #settings: Settings;
  readonly #config: K8sAttributesConfig;
  readonly #next: Consumer;
  readonly #now: () => number;
  readonly #connect: Connect;
  readonly #own: LiveCluster;
  readonly #who: WhoIsWho;
  readonly #kept: Kept;
  readonly #waiting: WaitingFlows;
  readonly #taker: Taker;
  readonly #account: FlowAccount;
  #hasBegun = false;
  #isStopped = false;
  #hasWarned = false;

  constructor(settings: Settings, config: K8sAttributesConfig, next: Consumer, options: K8sAttributesOptions = {}) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#now = options.now ?? steadyMillis;
    this.#connect = options.connect ?? connect;
    this.#own = new LiveCluster(settings, config, this.#now);
    this.#kept = settings.keep<Kept>('cluster', () => ({ live: undefined, last: undefined }));
    this.#waiting = settings.keep('waiting', () => new WaitingFlows(options.mostWaiting));
    const { filter } = config;
    const asksForAll = filter.labels.length === 0 && !(filter.node ?? filter.node_from_env_var ?? filter.namespace);
    this.#who = new WhoIsWho(this.#own, this.#waiting, asksForAll);
    this.#taker = {
      timeoutMillis: config.pending_timeout,
      known: (address, at) => this.#who.known(address, at),
      finally: (address, at, waitedMillis) => this.#who.finally(address, at, waitedMillis),
    };
    this.#account = new FlowAccount(settings.meter, settings.id);
  }

  /** Ends early, and quietly, where `shutdown` is called meanwhile. */
  async start(_host: Host): Promise<void> {
    const { wait_for_metadata: waits, wait_for_metadata_timeout: most } = this.#config;
    await this.#own.start(this.#connect);
    const { live } = this.#kept;
    const isKnown = live?.view === this.#own.view && live.isListed;
    if (waits && !isKnown && !(await this.#own.listed(most))) {
      const why = this.sources().flatMap(({ source, state, why: reason }) => `${source}: ${state} ${reason}`.trim());
      throw new ComponentError(`wait_for_metadata: not everything was known after ${most / 1000}s (${why.join('; ')})`);
    }
  }

  /** Hands on what waits, as it is known now. */
  async shutdown(deadlineMillis: number): Promise<void> {
    this.#begin();
    this.#isStopped = true;
    this.#flush();
    await within(deadlineMillis, this.#who.stop());
  }

  /** Waiting flows keep waiting. The watched cluster and its metrics pass to the next processor. */
  async handOver(deadlineMillis: number): Promise<void> {
    // Until this one has started, the next one gets it too.
    const live = this.#kept.live ?? this.#who.handedOn;
    // One that has never known anything has nothing to give: reloads while the API server is away pile up none.
    this.#kept.live = live.hasHeard ? live : undefined;
    this.#own.hide();
    await within(deadlineMillis, this.#who.stop(this.#kept.live));
  }

  sources(): readonly SourceState[] {
    return this.#own.states();
  }

  consume(batch: DropBatch): void {
    const { flows } = batch;
    const { last } = this.#kept;
    this.#begin();
    this.#who.update();
    if (flows === undefined) {
      // In basic mode ended pods are never queried.
      if (last === undefined && batch.trigger === 'interval') this.#who.takeEnded();
      this.#next.consume(batch);
      return;
    }
    // With this batch series start again. The waiting flows belong to the ended ones.
    if (batch.anew === true) this.#flush();
    const endedPods = this.#who.takeEnded();
    this.#account.count('node', flows.node);
    const taken = this.#take(this.#isStopped);
    const since = taken.length === 0 ? {} : { sinceMillis: this.#waiting.takenSinceMillis };
    this.#waiting.sinceMillis = last?.timeMillis ?? batch.startTimeMillis;
    const { startTimeMillis, timeMillis } = batch;
    this.#kept.last = { startTimeMillis, timeMillis, steadyMillis: batch.steadyMillis };
    const rows = joinFlows([taken, this.#resolve(flows.rows)]);
    const ended = endedPods.length === 0 ? {} : { endedPods };
    this.#handOn(batch, { ...flows, rows, ...ended, ...since });
  }

  /** Takes the place of the processor of before a reload, which has resolved what came until now. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#who.begin(this.#kept.live);
    this.#kept.live = undefined;
  }

  #flush(): void {
    const rows = this.#take(true);
    if (rows.length === 0 || this.#kept.last === undefined) return;
    const { takenSinceMillis: sinceMillis } = this.#waiting;
    const flows = { rows, overflow: [], node: { drops: 0, bytes: 0 }, sinceMillis };
    this.#handOn({ ...this.#kept.last, trigger: 'request', rows: [], losses: [], hooks: [] }, flows);
  }

  #handOn(batch: DropBatch, flows: FlowRead): void {
    this.#account.count('published', sumOfFlows(flows.rows));
    this.#account.count('overflow', sumOf(flows.overflow));
    this.#next.consume({ ...batch, flows });
  }

  /** The flows that don't wait, with who their ends are. */
  #resolve(flows: FlowColumns): FlowColumns {
    const waits = this.#config.pending_timeout > 0 && !this.#isStopped;
    const now = this.#now();
    const ends = new ResolvedEnds(flows, this.#who);
    const [source, destination] = [new Uint32Array(flows.length), new Uint32Array(flows.length)];
    const published = new Uint32Array(flows.length);
    const begun = { drops: 0, bytes: 0 };
    let [count, unwaited] = [0, 0];
    for (let flow = 0; flow < flows.length; flow++) {
      const [from, to] = [ends.source(flow), ends.destination(flow)];
      if (waits && (from === undefined || to === undefined)) {
        if (this.#waiting.add(flowAt(flows, flow), ends.at(from), ends.at(to), now)) {
          begun.drops += flows.drops[flow] as number;
          begun.bytes += bytesAt(flows, flow) ?? 0;
          continue;
        }
        unwaited += flows.drops[flow] as number;
      }
      source[count] = from ?? ends.finalSource(flow);
      destination[count] = to ?? ends.finalDestination(flow);
      published[count++] = flow;
    }
    this.#account.wait(begun, 1);
    this.#account.skipWaiting(unwaited);
    if (unwaited > 0 && !this.#hasWarned) {
      this.#hasWarned = true;
      this.#settings.logger.warn(
        `${this.#waiting.size} flows wait for their pods; further ones are published at once (logged once; see dropreason.processor.unwaited)`,
      );
    }
    const left = count === flows.length ? flows : selectFlows(flows, published.subarray(0, count));
    const { addresses, who } = ends;
    return { ...left, addresses, who, source: source.subarray(0, count), destination: destination.subarray(0, count) };
  }

  #take(everything: boolean): FlowColumns {
    const taken = columnsOf(this.#waiting.take(this.#now(), this.#taker, everything));
    this.#account.wait(sumOfFlows(taken), -1);
    return taken;
  }
}
