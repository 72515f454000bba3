import type { Settings } from '../../component/factory.ts';
import type { SourceState } from '../../component/host.ts';
import { Cluster } from './cluster/cluster.ts';
import type { K8sAttributesConfig } from './config.ts';
import { type Connect, Informers } from './informers.ts';
import { nodeName } from './node_name.ts';
import { watchedResources } from './resources.ts';

/** Created once: an error keeps the objects on its stack alive, and a signal keeps its reason alive. */
const STOPPED = new Error('stopped');

/** A cluster with the lists and watches that keep it in sync. A reload passes it on while it runs. */
export class LiveCluster {
  readonly cluster: Cluster;
  /** The selection of pods. */
  readonly filter: string;
  /** What it watches and shows: with equal views, two clusters show the same of a pod. */
  readonly view: string;
  readonly #settings: Settings;
  readonly #config: K8sAttributesConfig;
  readonly #stopping = new AbortController();
  #informers: Informers | undefined;

  constructor(settings: Settings, config: K8sAttributesConfig, now: () => number) {
    this.#settings = settings;
    this.#config = config;
    this.cluster = new Cluster({ metadata: new Set(config.extract.metadata), now });
    this.filter = JSON.stringify(config.filter);
    this.view = JSON.stringify([config.filter, config.extract]);
  }

  /** Begins to list and watch. Ends early, and quietly, where `stop` is called meanwhile. */
  async start(connect: Connect): Promise<void> {
    const watched = watchedResources(this.#config, nodeName(this.#config.filter), this.cluster);
    const informers = await connect(watched, this.#config, this.#settings, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#informers = new Informers(this.#settings.id, this.#settings.meter, watched, informers);
    this.#informers.start();
  }

  /** Ends the lists and watches. The known objects stay. */
  async stop(): Promise<void> {
    this.#stopping.abort(STOPPED);
    await this.#informers?.stop();
  }

  /** Its metrics are another's from now on. */
  hide(): void {
    this.#informers?.hide();
  }

  /** Whether every first list has come. */
  get isListed(): boolean {
    return this.#informers?.isListed ?? false;
  }

  /** Whether any list has come. */
  get hasHeard(): boolean {
    return this.#informers?.haveHeard ?? false;
  }

  /** Resolves when every first list has come, true, or after `millis`, false. */
  async listed(millis: number): Promise<boolean> {
    return (await this.#informers?.listed(millis)) ?? true;
  }

  /** An address that was taken longer ago than this, in milliseconds, is known. */
  get behindMillis(): number {
    return this.#informers?.behindMillis ?? Number.POSITIVE_INFINITY;
  }

  /** Whether nothing that both watch is known later here than there. */
  isAsCurrentAs(other: LiveCluster): boolean {
    if (other.#informers === undefined) return true;
    return this.#informers?.areAsCurrentAs(other.#informers) ?? false;
  }

  states(): SourceState[] {
    return this.#informers?.states() ?? [];
  }
}
