import { createNoopMeter, type Meter } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import type { TelemetryConfig } from '../../config/service_schema.ts';
import { HttpEndpoint } from '../../http/http_endpoint.ts';
import type { HttpAnswer } from '../../http/route.ts';
import { SCOPE } from '../../publish/hook_producer.ts';
import { CONTENT_TYPES, formatFor, type ScrapeFormat } from '../../publish/prometheus/scrape_format.ts';
import { PrometheusText } from '../../publish/prometheus/text.ts';
import { PullReader } from '../../publish/pull_reader.ts';
import { registerProcessMetrics } from './process_metrics.ts';

export interface OwnTelemetryOptions {
  /** `service::telemetry::metrics`. */
  readonly config: TelemetryConfig['metrics'];
  readonly resource: Resource;
  readonly logger: Logger;
}

/** The agent's own telemetry: a meter for its components, and the endpoints to scrape. */
export class OwnTelemetry {
  /** The meter for components. Records nothing if `level` is none. */
  readonly meter: Meter;
  readonly #logger: Logger;
  readonly #endpoints: readonly HttpEndpoint[];

  constructor({ config, resource, logger }: OwnTelemetryOptions) {
    this.#logger = logger;
    if (config.level === 'none') {
      this.meter = createNoopMeter();
      this.#endpoints = [];
      return;
    }
    // One reader for all endpoints: each reader keeps a copy of every series, and cumulative series can be shared.
    const reader = new PullReader();
    this.meter = new MeterProvider({ resource, readers: [reader] }).getMeter(SCOPE.name, SCOPE.version);
    registerProcessMetrics(this.meter);
    const text = new PrometheusText({ warn: (message) => logger.warn(`service::telemetry: ${message}`) });
    this.#endpoints = config.readers.map(({ pull }, index) => {
      return new HttpEndpoint({
        endpoint: pull.exporter.prometheus,
        settings: pull.exporter.prometheus,
        logger,
        configPath: `service::telemetry::metrics::readers::${index}::pull::exporter::prometheus::port`,
        routes: {
          '/metrics': {
            answer: (variant) => scrape(reader, text, variant === 'openmetrics' ? variant : 'prometheus'),
            variant: ({ headers }) => formatFor(headers.accept),
          },
        },
      });
    });
  }

  /** The ports of the endpoints. */
  get ports(): number[] {
    return this.#endpoints.flatMap(({ port }) => (port === undefined ? [] : [port]));
  }

  /** Listens. Only logs a warning on failure, because the agent doesn't depend on it. */
  async start(): Promise<void> {
    for (const endpoint of this.#endpoints) {
      await endpoint.start().catch((error: Error) => this.#logger.warn(`service::telemetry: ${error.message}`));
    }
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.stop(deadlineMillis)));
  }
}

async function scrape(reader: PullReader, text: PrometheusText, format: ScrapeFormat): Promise<HttpAnswer> {
  const { resourceMetrics } = await reader.collect();
  return { status: 200, contentType: CONTENT_TYPES[format], body: text.write(resourceMetrics, format) };
}
