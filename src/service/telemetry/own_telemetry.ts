import { createNoopMeter, type Meter } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import type { Authenticator } from '../../component/authenticator.ts';
import type { TelemetryConfig } from '../../config/service_schema.ts';
import { HttpEndpoint } from '../../http/http_endpoint.ts';
import type { HttpAnswer } from '../../http/route.ts';
import { HTTP } from '../../metrics/definitions.ts';
import { counter } from '../../metrics/instruments.ts';
import { SCOPE } from '../../publish/hook_producer.ts';
import { CONTENT_TYPES, formatFor, type ScrapeFormat } from '../../publish/prometheus/scrape_format.ts';
import { PrometheusText } from '../../publish/prometheus/text.ts';
import { PullReader } from '../../publish/pull_reader.ts';
import { registerProcessMetrics } from './process_metrics.ts';
import type { PushedMetrics } from './pushed_metrics.ts';

export interface OwnTelemetryOptions {
  /** `service::telemetry::metrics`. */
  readonly config: TelemetryConfig['metrics'];
  readonly resource: Resource;
  readonly logger: Logger;
  /** The authenticator of the extension with this id, in the running configuration. */
  readonly authenticator: (id: string) => Authenticator | undefined;
}

/** The agent's own telemetry: a meter for its components, and how it is published. */
export class OwnTelemetry {
  /** The meter for components. Records nothing if `level` is none. */
  readonly meter: Meter;
  readonly #logger: Logger;
  readonly #endpoints: readonly HttpEndpoint[];
  readonly #startPushing: () => Promise<readonly PushedMetrics[]>;
  #pushed: readonly PushedMetrics[] = [];

  constructor({ config, resource, logger, authenticator }: OwnTelemetryOptions) {
    this.#logger = logger;
    if (config.level === 'none') {
      this.meter = createNoopMeter();
      this.#endpoints = [];
      this.#startPushing = () => Promise.resolve([]);
      return;
    }
    // One reader for all: each reader keeps a copy of every series, and cumulative series can be shared.
    const reader = new PullReader();
    this.meter = new MeterProvider({ resource, readers: [reader] }).getMeter(SCOPE.name, SCOPE.version);
    registerProcessMetrics(this.meter);
    const text = new PrometheusText({ warn: (message) => logger.warn(`service::telemetry: ${message}`) });
    this.#startPushing = () => startPushing(config.readers, reader, logger);
    this.#endpoints = config.readers.flatMap(({ pull }, index) => {
      if (pull === undefined) return [];
      return new HttpEndpoint({
        endpoint: pull.exporter.prometheus,
        settings: pull.exporter.prometheus,
        logger,
        authenticator,
        refused: counter(this.meter, HTTP.refused),
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

  /** Listens, and pushes. Only logs a warning on failure, because the agent doesn't depend on it. */
  async start(): Promise<void> {
    for (const endpoint of this.#endpoints) {
      await endpoint.start().catch((error: Error) => this.#logger.warn(`service::telemetry: ${error.message}`));
    }
    this.#pushed = await this.#startPushing();
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    const pushed = this.#pushed;
    this.#pushed = [];
    await Promise.all([
      ...this.#endpoints.map((endpoint) => endpoint.stop(deadlineMillis)),
      ...pushed.map((each) => each.shutdown(deadlineMillis)),
    ]);
  }
}

async function startPushing(
  readers: TelemetryConfig['metrics']['readers'],
  reader: PullReader,
  logger: Logger,
): Promise<readonly PushedMetrics[]> {
  const started: PushedMetrics[] = [];
  for (const [index, { periodic: config }] of readers.entries()) {
    if (config === undefined) continue;
    const configPath = `service::telemetry::metrics::readers::${index}::periodic::exporter::otlp`;
    try {
      const { PushedMetrics } = await import('./pushed_metrics.ts');
      started.push(await PushedMetrics.start({ config, reader, logger, configPath }));
    } catch (error) {
      logger.warn(`${configPath}: the agent's own metrics are not pushed: ${(error as Error).message}`);
    }
  }
  return started;
}

async function scrape(reader: PullReader, text: PrometheusText, format: ScrapeFormat): Promise<HttpAnswer> {
  const { resourceMetrics } = await reader.collect();
  return { status: 200, contentType: CONTENT_TYPES[format], body: text.write(resourceMetrics, format) };
}
