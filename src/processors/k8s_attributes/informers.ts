import type { Meter, Observable, ObservableCallback } from '@opentelemetry/api';
import type { Settings } from '../../component/factory.ts';
import type { SourceState } from '../../component/host.ts';
import { within } from '../../component/within.ts';
import { K8S_ATTRIBUTES } from '../../metrics/definitions.ts';
import { observableGauge } from '../../metrics/instruments.ts';
import type { AuthType } from './api/kube_config.ts';
import type { Watched } from './resources.ts';

/** What keeps one resource in step: a ListWatch, or what a test has in its place. */
export interface Informer {
  start(): void;
  stop(): Promise<void>;
  state(): SourceState;
  readonly synced: Promise<void>;
  readonly inStep: boolean;
}

/** Makes an informer for each resource, and starts none. */
export type Connect = (
  watched: readonly Watched[],
  authType: AuthType,
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
  }

  /** Whether an address that isn't known is none of the cluster's. */
  get knowAddresses(): boolean {
    return this.#informers.every(({ inStep }, i) => inStep || this.#watched[i]?.hasAddresses !== true);
  }

  /** Resolves when every first list has come, true, or after `millis`, false. */
  synced(millis: number): Promise<boolean> {
    return within(millis, Promise.all(this.#informers.map(({ synced }) => synced)));
  }

  states(): SourceState[] {
    return this.#informers.map((informer, i) => {
      return { ...informer.state(), source: `${this.#id} ${this.#watched[i]?.name ?? ''}` };
    });
  }

  stop(): Promise<void> {
    for (const [gauge, callback] of this.#gauges) gauge.removeCallback(callback);
    this.#stopped ??= Promise.all(this.#informers.map((informer) => informer.stop())).then(() => undefined);
    return this.#stopped;
  }
}

/** Lists and watches on the cluster's API. What that needs of the Kubernetes client is loaded here, at the start. */
export const connect: Connect = async (watched, authType, { logger }, stopped) => {
  const { loadKubeConfig } = await import('./api/kube_config.ts');
  const { ListWatch } = await import('./api/list_watch.ts');
  const { reportMetricsConfigurations } = await import('./metrics_configurations.ts');
  const kubeConfig = await loadKubeConfig(authType);
  void reportMetricsConfigurations(kubeConfig, logger, stopped);
  return watched.map(({ use }) => use((resource, events): Informer => new ListWatch({ kubeConfig, resource, events, logger })));
};
