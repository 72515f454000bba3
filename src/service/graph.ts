import { isDeepStrictEqual } from 'node:util';
import type { Exporter, Extension, Processor, Receiver } from '../component/component.ts';
import type { Consumer } from '../component/consumer.ts';
import type { Settings } from '../component/factory.ts';
import type { ComponentHealth, Host, SourceState } from '../component/host.ts';
import { Outage } from '../component/outage.ts';
import type { Config } from '../config/config.ts';
import { FanOut } from './fan_out.ts';
import { ownerOf } from './keepsakes.ts';
import { type Named, Starter, shutdownAll } from './started.ts';

/** A receiver with what a later graph needs to take it over. */
interface RunningReceiver extends Named<Receiver> {
  readonly config: unknown;
  readonly next: FanOut;
  /** The heads of the pipelines that it feeds in this graph. */
  readonly heads: Consumer[];
  /** It runs already: the graph before this one started it. */
  readonly isTakenOver: boolean;
  /** Of reads that exporters ask for. */
  readonly reads: Outage;
}

interface RunningProcessor extends Named<Processor> {
  /** As {@link Keepsakes} names it. */
  readonly owner: string;
}

export type SettingsOf = (kind: string, id: string) => Settings;

/** Makes the batches of a receiver known to the service itself, for its own telemetry. */
export interface GraphOptions {
  readonly settingsOf: SettingsOf;
  readonly observer: Consumer;
  /** The graph that runs now; receivers that are configured alike are taken over with all they have counted. */
  readonly previous?: Graph;
}

/** The components of one configuration, joined. */
export class Graph {
  readonly #receivers = new Map<string, RunningReceiver>();
  readonly #exporters = new Map<string, Named<Exporter>>();
  readonly #processors: RunningProcessor[] = [];
  readonly #extensions: Named<Extension>[] = [];
  /** Names of the receivers upstream of an exporter, by its name. */
  readonly #upstream = new Map<string, Set<string>>();
  readonly #settingsOf: SettingsOf;
  readonly #observer: Consumer;
  readonly #owners = new Set<string>();
  readonly #starter = new Starter((name) => this.#host(name));

  private constructor({ settingsOf, observer }: GraphOptions) {
    this.#settingsOf = settingsOf;
    this.#observer = observer;
  }

  /**
   * Makes every component, and starts none. The graph keeps nothing of `previous` but the receivers that it takes over: a
   * reference to it would keep every graph there has been in memory.
   */
  static async build(config: Config, options: GraphOptions): Promise<Graph> {
    const graph = new Graph(options);
    for (const [id, { receivers, processors, exporters }] of config.service.pipelines) {
      const last = new FanOut();
      for (const exporter of exporters) graph.#join(exporter, receivers);
      last.targets = await Promise.all(exporters.map((exporter) => graph.#exporter(config, exporter)));
      let head: Consumer = last;
      for (const processor of processors.toReversed()) head = await graph.#processor(config, id, processor, head);
      for (const receiver of receivers) {
        (await graph.#receiver(config, receiver, options.previous)).heads.push(head);
      }
    }
    for (const id of config.service.extensions) {
      const { factory, config: given } = defined(config.extensions, id);
      const component = await factory.create(graph.#settings('extensions', id), given);
      graph.#extensions.push({ name: `extensions::${id}`, component });
    }
    return graph;
  }

  /**
   * Exporters first, receivers last, so that no batch comes before its takers. Throws what the first that can't says, and
   * Interrupted where `interrupt` came first; what has started then is for `shutdown` to end.
   */
  async start(): Promise<void> {
    await this.#starter.start([...this.#exporters.values()]);
    await this.#starter.start(this.#processors);
    for (const receiver of this.#receivers.values()) {
      receiver.next.targets = [...receiver.heads, this.#observer];
      if (receiver.isTakenOver) receiver.component.announce();
      else await this.#starter.start([receiver]);
    }
    await this.#starter.start(this.#extensions);
  }

  /** Ends a start that is under way; one that has ended or never began is as it was. */
  interrupt(deadlineMillis: number): Promise<void> {
    return this.#starter.interrupt(deadlineMillis);
  }

  /**
   * Receivers first, each with a last read; then what they fed. Those that `successor` has taken over go on, and what they
   * read until it starts still arrives here: exporters keep their counters across a reload, and processors what waits in them.
   */
  async shutdown(deadlineMillis: number, successor?: Graph): Promise<void> {
    const deadline = performance.now() + deadlineMillis;
    const extensions = shutdownAll(this.#extensions, deadlineMillis);
    const takenOver = successor?.receivers ?? [];
    const ending = [...this.#receivers.values()].filter(({ component }) => !takenOver.includes(component));
    await shutdownAll(ending, deadlineMillis);
    await this.#endProcessors(deadline - performance.now(), successor);
    await shutdownAll([...this.#exporters.values()], deadline - performance.now());
    await extensions;
  }

  /** Has the receivers read, those upstream of an exporter or all of them. Never rejects. */
  async refresh(names: Iterable<string> = this.#receivers.keys()): Promise<void> {
    await Promise.all(
      [...names].map(async (id) => {
        const receiver = this.#receivers.get(id);
        try {
          await receiver?.component.read('request');
          receiver?.reads.succeeded();
        } catch (error) {
          receiver?.reads.failed(error);
        }
      }),
    );
  }

  /** Has exporters go on in the files that are at their paths now, for whoever has renamed those that were. */
  reopen(): void {
    for (const { component } of this.#exporters.values()) component.reopen?.();
  }

  health(): readonly ComponentHealth[] {
    return [...this.#receivers].map(([id, { component }]) => {
      // What can't be attached and should be keeps a receiver from starting; what was turned off is not missed.
      const hooks = component.hooks();
      const healthy = hooks.some(({ attached }) => attached);
      return { id, healthy, why: healthy ? '' : (hooks.find(({ hook }) => hook === 'kfree_skb')?.detail ?? '') };
    });
  }

  sources(): readonly SourceState[] {
    return this.#processors.flatMap(({ component }) => component.sources?.() ?? []);
  }

  get receivers(): readonly Receiver[] {
    return [...this.#receivers.values()].map(({ component }) => component);
  }

  /** Every component of this graph, as {@link Keepsakes} names it. */
  get owners(): ReadonlySet<string> {
    return this.#owners;
  }

  /** Exporters that are fed by receivers whose counts outlive the process, and by others. */
  get mixed(): readonly string[] {
    return [...this.#upstream].flatMap(([exporter, receivers]) => {
      const outlives = [...receivers].map((id) => this.#receivers.get(id)?.component.instance !== undefined);
      return new Set(outlives).size > 1 ? exporter : [];
    });
  }

  /** Where to look, in the words of each exporter that has some. */
  get places(): readonly string[] {
    return [...this.#exporters.values()].flatMap(({ component: { place } }) => place ?? []);
  }

  async #endProcessors(deadlineMillis: number, successor: Graph | undefined): Promise<void> {
    await Promise.all(
      this.#processors.map(async ({ component, owner }) => {
        if (component.handOver !== undefined && successor?.owners.has(owner)) await component.handOver(deadlineMillis);
        else await component.shutdown(deadlineMillis);
      }),
    );
  }

  #host(name: string): Host {
    return {
      refresh: () => this.refresh(this.#upstream.get(name)),
      health: () => this.health(),
      sources: () => this.sources(),
    };
  }

  #settings(kind: string, id: string): Settings {
    this.#owners.add(ownerOf(kind, id));
    return this.#settingsOf(kind, id);
  }

  #join(exporter: string, receivers: readonly string[]): void {
    const name = `exporters::${exporter}`;
    const upstream = this.#upstream.get(name) ?? new Set();
    for (const receiver of receivers) upstream.add(receiver);
    this.#upstream.set(name, upstream);
  }

  async #exporter(config: Config, id: string): Promise<Exporter> {
    const known = this.#exporters.get(id);
    if (known !== undefined) return known.component;
    const { factory, config: given } = defined(config.exporters, id);
    const component = await factory.create(this.#settings('exporters', id), given);
    this.#exporters.set(id, { name: `exporters::${id}`, component });
    return component;
  }

  async #processor(config: Config, pipeline: string, id: string, next: Consumer): Promise<Processor> {
    const { factory, config: given } = defined(config.processors, id);
    const kind = `processors of ${pipeline}`;
    const component = await factory.create(this.#settings(kind, id), given, next);
    this.#processors.push({ name: `processors::${id}`, component, owner: ownerOf(kind, id) });
    return component;
  }

  async #receiver(config: Config, id: string, previous: Graph | undefined): Promise<RunningReceiver> {
    const known = this.#receivers.get(id);
    if (known !== undefined) return known;
    const { factory, config: given } = defined(config.receivers, id);
    const settings = this.#settings('receivers', id);
    const running = previous === undefined ? undefined : previous.#receivers.get(id);
    if (running !== undefined && isDeepStrictEqual(running.config, given)) {
      this.#receivers.set(id, { ...running, heads: [], isTakenOver: true });
    } else {
      const next = new FanOut();
      const component = await factory.create(settings, given, next);
      const reads = new Outage(settings.logger, {
        began: 'the kernel could not be read for an exporter, which goes on with what it has',
        ended: 'the kernel can be read for exporters again',
      });
      this.#receivers.set(id, { name: `receivers::${id}`, component, config: given, next, heads: [], isTakenOver: false, reads });
    }
    return this.#receivers.get(id) as RunningReceiver;
  }
}

/** The configuration has been checked, so every id that is used is defined. */
function defined<T>(components: ReadonlyMap<string, T>, id: string): T {
  const component = components.get(id);
  if (component === undefined) throw new Error(`${id} is used but not defined`);
  return component;
}
