import type { Exporter } from '../component/component.ts';
import type { Settings } from '../component/factory.ts';
import type { Host } from '../component/host.ts';
import { within } from '../component/within.ts';
import { DropAccumulator } from '../metrics/drop_accumulator.ts';
import type { DropBatch } from '../pdata/batch.ts';
import { DropPublisher } from '../publish/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../publish/naming.ts';
import type { Carrier } from './carrier.ts';
import { type PushConfig, Pusher } from './pusher.ts';

interface PushExporterConfig extends PushConfig {
  readonly metric_names: MetricNames;
}

/** Pushes its counters at every batch of the receivers' clock, and once more at the end. */
export class PushExporter implements Exporter {
  readonly #settings: Settings;
  readonly #config: PushExporterConfig;
  readonly #connect: () => Promise<Carrier>;
  readonly #accumulator: DropAccumulator;
  readonly #publisher: DropPublisher;
  #host: Host | undefined;
  #carrier: Carrier | undefined;
  /** The attempt under way, or the last one. */
  #attempt: Promise<unknown> = Promise.resolve();
  #pusher: Pusher | undefined;

  /** `connect` makes the carrier at the start; it throws a ComponentError if its configuration can't be used. */
  constructor(settings: Settings, config: PushExporterConfig, connect: () => Promise<Carrier>) {
    this.#settings = settings;
    this.#config = config;
    this.#connect = connect;
    this.#accumulator = settings.keep('accumulator', () => new DropAccumulator(settings.reloadedMillis));
    this.#publisher = new DropPublisher({
      accumulator: this.#accumulator,
      naming: NAMINGS[config.metric_names],
      resource: settings.resource,
    });
  }

  get place(): string {
    return `pushed to ${this.#config.address} at every collection_interval`;
  }

  async start(host: Host): Promise<void> {
    this.#host = host;
    this.#accumulator.resume();
    const carrier = await this.#connect();
    this.#carrier = carrier;
    this.#pusher = new Pusher(this.#settings, this.#config, {
      collect: () => this.#publisher.collect(),
      send: (metrics) => {
        const attempt = carrier.send(metrics);
        this.#attempt = attempt;
        return attempt;
      },
    });
  }

  consume(batch: DropBatch): void {
    this.#accumulator.add(batch);
    if (batch.trigger === 'interval') this.#pusher?.push();
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    const deadline = performance.now() + deadlineMillis;
    const pusher = this.#pusher;
    this.#pusher = undefined;
    if (pusher !== undefined) {
      await within(deadline - performance.now(), this.#host?.refresh());
      await pusher.finish(deadline - performance.now());
    }
    const carrier = this.#carrier;
    this.#carrier = undefined;
    void this.#attempt.then(() => carrier?.close());
  }
}
