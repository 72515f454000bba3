import { type CollectionResult, MetricReader, type MetricReaderOptions } from '@opentelemetry/sdk-metrics';

/**
 * A reader that collects on demand, without a limit of series: the kernel's maps are bounded, and a series folded into the SDK's
 * overflow would hide drops.
 */
export class PullReader extends MetricReader {
  constructor(options: Pick<MetricReaderOptions, 'metricProducers'> = {}) {
    super({ ...options, cardinalitySelector: () => Number.MAX_SAFE_INTEGER });
  }

  /** The current values, with one entry per scope. */
  override async collect(): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect();
    const scopes = new Map<string, (typeof resourceMetrics.scopeMetrics)[number]>();
    for (const { scope, metrics } of resourceMetrics.scopeMetrics) {
      const key = `${scope.name}@${scope.version ?? ''}`;
      scopes.set(key, { scope, metrics: [...(scopes.get(key)?.metrics ?? []), ...metrics] });
    }
    return { resourceMetrics: { resource: resourceMetrics.resource, scopeMetrics: [...scopes.values()] }, errors };
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
