import type { Meter, Observable, ObservableCallback } from '@opentelemetry/api';
import type { Settings } from '../../component/factory.ts';
import type { SourceState } from '../../component/host.ts';
import { within } from '../../component/within.ts';
import { ObjectCount } from '../../kubernetes/object_count.ts';
import { K8S_ATTRIBUTES } from '../../metrics/definitions.ts';
import { observableGauge } from '../../metrics/instruments.ts';
import type { K8sAttributesConfig } from './config.ts';
import type { Watched } from './resources.ts';

/** What keeps one resource in step: a ListWatch, or what a test has in its place. */
export interface Informer {
  start(): void;
  stop(): Promise<void>;
  state(): SourceState;
  readonly synced: Promise<void>;
  readonly inStep: boolean;
  /** What the cluster has had for longer is known; infinite where nothing is. */
  readonly behindMillis: number;
}

/** Makes an informer for each resource, and starts none. */
export type Connect = (
  watched: readonly Watched[],
  config: Pick<K8sAttributesConfig, 'auth_type' | 'limits'>,
  settings: Settings,
  /** Aborted at the end. */
  stopped: AbortSignal,
) => Promise<Informer[]>;

/** All informers of one processor, as one. */
export class Informers {
  readonly #id: string;
  readonly #watched: readonly Watched[];
  readonly #informers: readonly Informer[];
  readonly #gauges: readonly (readonly [Observable, ObservableCallback])[];
  #stopped: Promise<void> | undefined;
  #isListed = false;

  constructor(id: string, meter: Meter, watched: readonly Watched[], informers: readonly Informer[]) {
    this.#id = id;
    this.#watched = watched;
    this.#informers = informers;
    const each = (value: (informer: Informer) => number | undefined): ObservableCallback => {
      return (result) => {
        for (const [i, informer] of informers.entries()) {
          const told = value(informer);
          if (told !== undefined) result.observe(told, { processor: id, resource: watched[i]?.name ?? '' });
        }
      };
    };
    const age = (informer: Informer) => {
      const millis = informer.state().ageMillis;
      return millis === undefined ? undefined : millis / 1000;
    };
    this.#gauges = [
      [observableGauge(meter, K8S_ATTRIBUTES.informerSynced), each(({ inStep }) => (inStep ? 1 : 0))],
      [observableGauge(meter, K8S_ATTRIBUTES.informerAge), each(age)],
    ];
  }

  start(): void {
    for (const [gauge, callback] of this.#gauges) gauge.addCallback(callback);
    for (const informer of this.#informers) informer.start();
    void this.#allListed.then(() => {
      this.#isListed = true;
    });
  }

  /** Takes back the metrics: others have the same names. */
  hide(): void {
    for (const [gauge, callback] of this.#gauges) gauge.removeCallback(callback);
  }

  /** Whether every first list has come. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Whether any list has come. */
  get haveHeard(): boolean {
    return this.#informers.some(({ behindMillis }) => behindMillis < Number.POSITIVE_INFINITY);
  }

  /** Whether nothing that both watch is known later here than there. */
  areAsCurrentAs(others: Informers): boolean {
    return this.#watched.every(({ name }, i) => {
      const there = others.#informers[others.#watched.findIndex((other) => other.name === name)];
      return there === undefined || (this.#informers[i] as Informer).behindMillis <= there.behindMillis;
    });
  }

  /** An address that was taken longer ago than this, in milliseconds, is known. */
  get behindMillis(): number {
    return Math.max(0, ...this.#informers.flatMap(({ behindMillis }, i) => (this.#watched[i]?.hasAddresses ? behindMillis : [])));
  }

  /** Resolves when every first list has come, true, or after `millis`, false. */
  listed(millis: number): Promise<boolean> {
    return within(millis, this.#allListed);
  }

  states(): SourceState[] {
    return this.#informers.map((informer, i) => {
      return { ...informer.state(), source: `${this.#id} ${this.#watched[i]?.name ?? ''}` };
    });
  }

  stop(): Promise<void> {
    this.hide();
    this.#stopped ??= Promise.all(this.#informers.map((informer) => informer.stop())).then(() => undefined);
    return this.#stopped;
  }

  get #allListed(): Promise<unknown> {
    return Promise.all(this.#informers.map(({ synced }) => synced));
  }
}

/** Lists and watches on the cluster's API. What that needs of the Kubernetes client is loaded here, at the start. */
export const connect: Connect = async (watched, { auth_type: authType, limits }, { logger }, stopped) => {
  const { loadKubeConfig } = await import('../../kubernetes/kube_config.ts');
  const { ListWatch } = await import('../../kubernetes/list_watch.ts');
  const { reportMetricsConfigurations } = await import('./metrics_configurations.ts');
  const kubeConfig = await loadKubeConfig(authType);
  const count = new ObjectCount(limits);
  const informers = watched.map(({ use, hasAddresses }, at) => {
    // Who has an address matters more than what else is shown of it.
    const rank = hasAddresses ? at : watched.length + at;
    return use((resource, events): Informer => new ListWatch({ kubeConfig, resource, events, logger, limits, count, rank }));
  });
  // After the pods' list, so that it delays no required request.
  void informers[0]?.synced.then(() => reportMetricsConfigurations(kubeConfig, logger, stopped));
  return informers;
};
