import type { SourceState } from '../../../../src/component/host.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { configSchema } from '../../../../src/processors/k8s_attributes/config.ts';
import type { Connect, Informer } from '../../../../src/processors/k8s_attributes/informers.ts';
import { K8sAttributes, type K8sAttributesOptions } from '../../../../src/processors/k8s_attributes/processor.ts';
import type { Watched } from '../../../../src/processors/k8s_attributes/resources.ts';
import { rowsOf } from '../../../support/flows.ts';
import type { KubeObject } from '../../../support/kube_api/fake_kube_api.ts';
import { Sink } from '../../../support/rows.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';

/** In an informer's place: in step when it is told so. */
class HandInformer implements Informer {
  inStep = false;
  /** As told; none where it is in step, else all. */
  behind: number | undefined;
  isStopped = false;
  readonly #name: string;
  readonly #synced = Promise.withResolvers<void>();
  readonly synced = this.#synced.promise;

  constructor(name: string) {
    this.#name = name;
  }

  get behindMillis(): number {
    return this.behind ?? (this.inStep ? 0 : Number.POSITIVE_INFINITY);
  }

  start(): void {}

  sync(): void {
    this.inStep = true;
    this.#synced.resolve();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.#synced.resolve();
  }

  state(): SourceState {
    const ageMillis = this.inStep ? 1_000 : undefined;
    return { source: this.#name, state: this.inStep ? 'synced' : 'listing', ageMillis, why: '' };
  }
}

/** A processor with a clock that is moved by hand, told of a cluster by hand. */
export class Stage {
  readonly sink = new Sink();
  readonly informers = new Map<string, HandInformer>();
  readonly processor: K8sAttributes;
  readonly settings;
  nowMillis = 1_000;
  #watched: readonly Watched[] = [];

  constructor(config: unknown = {}, options: K8sAttributesOptions & { settings?: ReturnType<typeof makeSettings> } = {}) {
    this.settings = options.settings ?? makeSettings('k8s_attributes');
    const connect: Connect = async (watched) => {
      this.#watched = watched;
      return watched.map(({ name }) => {
        const informer = new HandInformer(name);
        this.informers.set(name, informer);
        return informer;
      });
    };
    const parsed = configSchema.parse(config);
    this.processor = new K8sAttributes(this.settings, parsed, this.sink, { now: () => this.nowMillis, connect, ...options });
  }

  /** One that has started, with all in step. */
  static async synced(config: unknown = {}, options: K8sAttributesOptions = {}): Promise<Stage> {
    const stage = new Stage(config, options);
    await stage.processor.start(quietHost);
    stage.sync();
    return stage;
  }

  sync(): void {
    for (const informer of this.informers.values()) informer.sync();
  }

  /** And whoever waits for that has been told. */
  async syncedNow(): Promise<void> {
    this.sync();
    await new Promise((resolve) => setImmediate(resolve));
  }

  put(resource: string, object: KubeObject): void {
    const watched = this.#watched.find(({ name }) => name === resource);
    watched?.use(({ record }, events) => {
      const made = record(object);
      if (made === undefined) events.deleted(object.metadata.uid ?? '');
      else events.set(made);
    });
  }

  remove(resource: string, uid: string): void {
    this.#watched.find(({ name }) => name === resource)?.use((_, events) => events.deleted(uid));
  }

  /** Consumes a batch and returns what was handed on for it. */
  consume(batch: DropBatch): DropBatch {
    this.processor.consume(batch);
    return this.sink.batches.at(-1) as DropBatch;
  }
}

/** The flows of a batch in short: `a -> world: 3`, ends by their pods, services or nodes. */
export function told(batch: DropBatch): string[] {
  return rowsOf(batch.flows).map(({ source, destination, drops }) => {
    const [from, to] = [source, destination].map(({ attributes }) => {
      return attributes.get('k8s.pod.name') ?? attributes.get('k8s.service.name') ?? attributes.get('k8s.node.name');
    });
    return `${from} -> ${to}: ${drops}`;
  });
}
