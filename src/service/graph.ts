import { isDeepStrictEqual } from 'node:util';
import type { Attributes } from '@opentelemetry/api';
import type { Authenticator } from '../component/authenticator.ts';
import type { Exporter, Extension, Processor, Receiver } from '../component/component.ts';
import type { Consumer } from '../component/consumer.ts';
import type { Settings } from '../component/factory.ts';
import type { ComponentHealth, Host, SourceState } from '../component/host.ts';
import { Outage } from '../component/outage.ts';
import type { Config } from '../config/config.ts';
import { resourceChanges } from '../config/resource_changes.ts';
import { FanOut } from './fan_out.ts';
import { ownerOf } from './keepsakes.ts';
import { type Named, Starter, shutdownAll } from './started.ts';
import { ChangedResource } from './telemetry/changed_resource.ts';

/** A receiver, and what a later graph needs to take it over. */
interface RunningReceiver extends Named<Receiver> {
  readonly config: unknown;
  readonly next: FanOut;
  /** The first stages of the pipelines that it feeds in this graph. */
  readonly heads: Consumer[];
  /** It was started by the previous graph. */
  readonly isTakenOver: boolean;
  /** Failures of reads that exporters request. */
  readonly reads: Outage;
}

interface RunningProcessor extends Named<Processor> {
  /** Its name in {@link Keepsakes}. */
  readonly owner: string;
}

export type SettingsOf = (kind: string, id: string) => Settings;

/** `observer` gets the batches of all receivers, for the agent's own telemetry. */
export interface GraphOptions {
  readonly settingsOf: SettingsOf;
  readonly observer: Consumer;
  /** The running graph. Receivers with an unchanged configuration are taken over, with everything they have counted. */
  readonly previous?: Graph;
}

/** The connected components of one configuration. */
export class Graph {
  readonly #receivers = new Map<string, RunningReceiver>();
  readonly #exporters = new Map<string, Named<Exporter>>();
  readonly #processors: RunningProcessor[] = [];
  readonly #extensions: Named<Extension>[] = [];
  /** Names of the receivers upstream of each exporter. */
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
   * Creates every component; starts none. The graph keeps only the receivers of `previous`, not `previous` itself: a reference to it would
   * keep all earlier graphs in memory.
   */
  static async build(config: Config, options: GraphOptions): Promise<Graph> {
    const graph = new Graph(options);
    for (const [id, { receivers, processors, exporters }] of config.service.pipelines) {
      const last = new FanOut();
      for (const exporter of exporters) graph.#join(exporter, receivers);
      last.targets = await Promise.all(exporters.map((exporter) => graph.#exporter(config, exporter, processors)));
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
   * Starts authenticators first, then exporters, and receivers last, so that consumers run before the first batch. Throws the error of the
   * first component that fails, or Interrupted after `interrupt`. Call `shutdown` then, to end the started ones.
   */
  async start(): Promise<void> {
    await this.#starter.start(this.#authenticators);
    await this.#starter.start([...this.#exporters.values()]);
    await this.#starter.start(this.#processors);
    for (const receiver of this.#receivers.values()) {
      receiver.next.targets = [...receiver.heads, this.#observer];
      if (receiver.isTakenOver) receiver.component.announce();
      else await this.#starter.start([receiver]);
    }
    await this.#starter.start(this.#others);
  }

  /** Ends a start in progress. Does nothing otherwise. */
  interrupt(deadlineMillis: number): Promise<void> {
    return this.#starter.interrupt(deadlineMillis);
  }

  /**
   * Shuts down receivers first, each with a last read, then the others. Receivers that `successor` has taken over continue, and their
   * batches arrive here until it starts. Exporters keep their counters across a reload, and processors their waiting data.
   */
  async shutdown(deadlineMillis: number, successor?: Graph): Promise<void> {
    const deadline = performance.now() + deadlineMillis;
    const extensions = shutdownAll(this.#others, deadlineMillis);
    const takenOver = successor?.receivers ?? [];
    const ending = [...this.#receivers.values()].filter(({ component }) => !takenOver.includes(component));
    await shutdownAll(ending, deadlineMillis);
    await this.#endProcessors(deadline - performance.now(), successor);
    await shutdownAll([...this.#exporters.values()], deadline - performance.now());
    await extensions;
    await shutdownAll(this.#authenticators, deadline - performance.now());
  }

  /** The authenticator of an extension. It works from its start on; after its shutdown with what it read last. */
  authenticator(id: string): Authenticator | undefined {
    return this.#extensions.find(({ name }) => name === `extensions::${id}`)?.component.authenticator;
  }

  /** Extensions that authenticate for other components. */
  get #authenticators(): Named<Extension>[] {
    return this.#extensions.filter(({ component }) => component.authenticator !== undefined);
  }

  get #others(): Named<Extension>[] {
    return this.#extensions.filter(({ component }) => component.authenticator === undefined);
  }

  /** Makes the receivers read: those upstream of an exporter, or all. Never rejects. */
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

  /** Makes exporters reopen their files by path, after a rename. */
  reopen(): void {
    for (const { component } of this.#exporters.values()) component.reopen?.();
  }

  health(): readonly ComponentHealth[] {
    return [...this.#receivers].map(([id, { component }]) => {
      // A required hook that can't be attached fails the start. Disabled hooks don't affect health.
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

  /** The names of all components of this graph in {@link Keepsakes}. */
  get owners(): ReadonlySet<string> {
    return this.#owners;
  }

  /** Exporters that combine receivers whose counts outlive the process with others. */
  get mixed(): readonly string[] {
    return [...this.#upstream].flatMap(([exporter, receivers]) => {
      const outlives = [...receivers].map((id) => this.#receivers.get(id)?.component.instance !== undefined);
      return new Set(outlives).size > 1 ? exporter : [];
    });
  }

  /** Where to see the output of each exporter that states it. */
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
      authenticator: (id) => this.authenticator(id),
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

  /** `processors`: of a pipeline that it is in. They make the same resource in all of them (config/check_resources.ts). */
  async #exporter(config: Config, id: string, processors: readonly string[]): Promise<Exporter> {
    const known = this.#exporters.get(id);
    if (known !== undefined) return known.component;
    const { factory, config: given } = defined(config.exporters, id);
    const settings = this.#settings('exporters', id);
    const changes = resourceChanges(config.processors, processors);
    const changed = (attributes: Attributes) =>
      changes.reduce((all, { factory: { resource }, config: how }) => resource?.(how, all) ?? all, attributes);
    const resource = changes.length === 0 ? settings.resource : new ChangedResource(settings.resource, changed);
    const component = await factory.create({ ...settings, resource }, given);
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
        began: 'reading the kernel for an exporter failed; it uses the last values',
        ended: 'reading the kernel for exporters works again',
      });
      this.#receivers.set(id, { name: `receivers::${id}`, component, config: given, next, heads: [], isTakenOver: false, reads });
    }
    return this.#receivers.get(id) as RunningReceiver;
  }
}

/** Returns a component that must exist, because the configuration has been checked. */
function defined<T>(components: ReadonlyMap<string, T>, id: string): T {
  const component = components.get(id);
  if (component === undefined) throw new Error(`${id} is used but not defined`);
  return component;
}
