import { type Attributes, createNoopMeter } from '@opentelemetry/api';
import type { DataPoint, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import { VERSION } from '../../component/version.ts';
import type { PeriodicReader, PushTarget } from '../../config/periodic_reader.ts';
import type { Carrier } from '../../otlp/carrier.ts';
import { targetOf } from '../../otlp/http/client_settings.ts';
import { NewestCounters } from '../../otlp/outbox.ts';
import { PendingDeltas } from '../../otlp/pending_deltas.ts';
import { Pusher } from '../../otlp/pusher.ts';
import { retrySettings } from '../../otlp/retry_settings.ts';
import type { PullReader } from '../../publish/pull_reader.ts';

/** As in Go's SDK, but for the multiplier. */
const RETRIES = retrySettings.parse({ max_elapsed_time: '1m' });

interface PushedMetricsOptions {
  readonly config: PeriodicReader;
  readonly reader: PullReader;
  readonly logger: Logger;
  /** Of the exporter, for the log. */
  readonly configPath: string;
}

/** Pushes the agent's own metrics at an interval, and once more at the end. */
export class PushedMetrics {
  readonly #carrier: Carrier;
  readonly #pusher: Pusher;
  readonly #timer: NodeJS.Timeout;

  private constructor({ config, reader, logger, configPath }: PushedMetricsOptions, carrier: Carrier) {
    const { otlp } = config.exporter;
    this.#carrier = carrier;
    const collect = async () => (await reader.collect()).resourceMetrics;
    const known = new Map<string, Attributes>();
    const isDelta = otlp.temporality === 'delta';
    // What it pushes is not counted as points of an exporter's: it would never come to rest.
    const settings = { id: configPath, logger, meter: createNoopMeter() };
    this.#pusher = new Pusher(
      settings,
      { address: addressOf(otlp), configPath, retry_on_failure: RETRIES },
      {
        collect: isDelta ? async () => withSameAttributes(await collect(), known) : collect,
        outbox: isDelta ? new PendingDeltas() : new NewestCounters(),
        send: (metrics) => carrier.send(metrics),
      },
    );
    this.#timer = setInterval(() => this.#pusher.push(), config.interval);
    this.#timer.unref();
  }

  /** @throws ComponentError if a certificate can't be read or used. */
  static async start(options: PushedMetricsOptions): Promise<PushedMetrics> {
    return new PushedMetrics(options, await connect(options.config, options.logger));
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#pusher.finish(deadlineMillis);
    this.#carrier.close();
  }
}

async function connect({ timeout, exporter: { otlp } }: PeriodicReader, logger: Logger): Promise<Carrier> {
  if (otlp.protocol === 'grpc') {
    const { GrpcCarrier } = await import('../../otlp/grpc/carrier.ts');
    return GrpcCarrier.create({ ...otlp.client, timeout: Math.min(otlp.client.timeout, timeout) }, logger, VERSION);
  }
  const { HttpCarrier } = await import('../../otlp/http/carrier.ts');
  return HttpCarrier.create({ ...otlp.client, timeout: Math.min(otlp.client.timeout, timeout) }, logger, VERSION);
}

function addressOf(otlp: PushTarget): string {
  if (otlp.protocol === 'grpc') return otlp.client.endpoint.address;
  const { origin, pathname } = targetOf(otlp.client);
  return `${origin}${pathname}`;
}

/** Each series with the attributes object that it had at first, by which deltas recognize it: the SDK's may be a new one. */
function withSameAttributes({ resource, scopeMetrics }: ResourceMetrics, known: Map<string, Attributes>): ResourceMetrics {
  const same = <T>(point: DataPoint<T>): DataPoint<T> => {
    const key = JSON.stringify(point.attributes);
    const attributes = known.get(key) ?? point.attributes;
    known.set(key, attributes);
    return { ...point, attributes };
  };
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map(
        (metric) => ({ ...metric, dataPoints: metric.dataPoints.map((point) => same<unknown>(point)) }) as MetricData,
      ),
    })),
  };
}
