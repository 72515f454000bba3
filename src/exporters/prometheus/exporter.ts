import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Counter } from '@opentelemetry/api';
import type { Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Host } from '../../component/host.ts';
import { type Endpoint, formatEndpoint } from '../../component/schema.ts';
import { HttpEndpoint } from '../../http/http_endpoint.ts';
import type { HttpAnswer } from '../../http/route.ts';
import { EXPORTER, HTTP } from '../../metrics/definitions.ts';
import { DropAccumulator } from '../../metrics/drop_accumulator.ts';
import { counter } from '../../metrics/instruments.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import { DropColumns } from '../../publish/drop_columns.ts';
import { countValues } from '../../publish/metric_columns.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { CONTENT_TYPES, formatFor, type ScrapeFormat } from '../../publish/prometheus/scrape_format.ts';
import { PrometheusText } from '../../publish/prometheus/text.ts';
import type { PrometheusConfig } from './config.ts';
import { resourceLabels } from './resource_labels.ts';

/** Answers scrapes. Every scrape makes the receivers read first, so that it includes all earlier drops. */
export class PrometheusExporter implements Exporter {
  readonly #id: string;
  readonly #accumulator: DropAccumulator;
  readonly #columns: DropColumns;
  readonly #text: PrometheusText;
  readonly #endpoint: HttpEndpoint;
  readonly #listensOn: Endpoint;
  readonly #isTls: boolean;
  readonly #sent: Counter;
  #host: Host | undefined;

  constructor(settings: Settings, config: PrometheusConfig) {
    const naming = NAMINGS[config.metric_names];
    this.#id = settings.id;
    this.#accumulator = settings.keep('accumulator', () => new DropAccumulator(settings.reloadedMillis));
    this.#columns = new DropColumns({ accumulator: this.#accumulator, naming, resource: settings.resource });
    this.#text = new PrometheusText({
      ...(config.namespace !== undefined && { namespace: config.namespace }),
      gauges: naming.gauges ? [naming, naming.pods].flatMap(({ count, bytes }) => [count.name, bytes.name]) : [],
      isOnEverySeries: resourceLabels(config),
      constLabels: config.const_labels,
      warn: (message) => settings.logger.warn(message),
    });
    this.#endpoint = new HttpEndpoint({
      endpoint: config.endpoint,
      settings: config,
      logger: settings.logger,
      authenticator: (id) => this.#host?.authenticator(id),
      refused: counter(settings.meter, HTTP.refused),
      configPath: `exporters::${settings.id}::endpoint`,
      routes: {
        '/metrics': {
          answer: (variant) => this.#scrape(variant === 'openmetrics' ? variant : 'prometheus'),
          variant: ({ headers }) => (config.enable_open_metrics ? formatFor(headers.accept) : 'prometheus'),
        },
      },
    });
    this.#listensOn = config.endpoint;
    this.#isTls = config.tls !== undefined;
    this.#sent = counter(settings.meter, EXPORTER.sent);
  }

  /** The port that scrapes are answered on. */
  get port(): number | undefined {
    return this.#endpoint.port;
  }

  get place(): string {
    const scheme = this.#isTls ? 'https://' : '';
    return `curl ${scheme}${formatEndpoint({ host: this.#listensOn.host || 'localhost', port: this.port ?? this.#listensOn.port })}/metrics`;
  }

  async start(host: Host): Promise<void> {
    this.#host = host;
    this.#accumulator.resume();
    this.#sent.add(0, { exporter: this.#id });
    await this.#endpoint.start();
  }

  consume(batch: DropBatch): void {
    this.#accumulator.add(batch);
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    await this.#endpoint.stop(deadlineMillis);
  }

  async #scrape(format: ScrapeFormat): Promise<HttpAnswer> {
    await this.#host?.refresh();
    // The batch has just come through the processors, in one turn.
    await nextTurn();
    const published = this.#columns.collect();
    this.#sent.add(countValues(published), { exporter: this.#id });
    return { status: 200, contentType: CONTENT_TYPES[format], body: this.#text.pieces(published, format) };
  }
}
