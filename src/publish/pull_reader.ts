import { type CollectionResult, MetricReader, type MetricReaderOptions } from '@opentelemetry/sdk-metrics';

/**
 * A reader that collects when it is asked to, and knows no limit of series: the kernel's maps are bounded, and a series
 * that the SDK folds into its overflow would be a drop that nobody sees.
 */
export class PullReader extends MetricReader {
  constructor(options: Pick<MetricReaderOptions, 'metricProducers'> = {}) {
    super({ ...options, cardinalitySelector: () => Number.MAX_SAFE_INTEGER });
  }

  /** Everything as it stands now, with one entry for each scope. */
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
