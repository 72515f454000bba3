import type { Exporter } from '../component/component.ts';
import type { Settings } from '../component/factory.ts';
import type { Host } from '../component/host.ts';
import { within } from '../component/within.ts';
import type { DropAccumulator } from '../metrics/drop_accumulator.ts';
import type { DropBatch } from '../pdata/batch.ts';
import { DropPublisher } from '../publish/drop_publisher.ts';
import { NAMINGS } from '../publish/naming.ts';
import type { Carrier } from './carrier.ts';
import { keepPushed } from './kept.ts';
import type { PushSettings } from './push_settings.ts';
import { Pusher } from './pusher.ts';

interface PushExporterConfig extends PushSettings {
  /** Where it pushes to, for the log. */
  readonly address: string;
}

/** Pushes its counters at every batch of the receivers' clock, and once more at the end. */
export class PushExporter implements Exporter {
  readonly #settings: Settings;
  readonly #config: PushExporterConfig;
  readonly #connect: (host: Host) => Promise<Carrier>;
  #accumulator: DropAccumulator | undefined;
  #host: Host | undefined;
  #carrier: Carrier | undefined;
  /** The attempt under way, or the last one. */
  #attempt: Promise<unknown> = Promise.resolve();
  #pusher: Pusher | undefined;

  /** `connect` makes the carrier at the start; it throws a ComponentError if its configuration can't be used. */
  constructor(settings: Settings, config: PushExporterConfig, connect: (host: Host) => Promise<Carrier>) {
    this.#settings = settings;
    this.#config = config;
    this.#connect = connect;
  }

  get place(): string {
    return `pushed to ${this.#config.address} at every collection_interval`;
  }

  async start(host: Host): Promise<void> {
    this.#host = host;
    const { id, resource } = this.#settings;
    const { accumulator, outbox } = keepPushed(this.#settings, this.#config);
    this.#accumulator = accumulator;
    accumulator.resume();
    const publisher = new DropPublisher({ accumulator, naming: NAMINGS[this.#config.metric_names], resource });
    const carrier = await this.#connect(host);
    this.#carrier = carrier;
    const config = { ...this.#config, configPath: `exporters::${id}` };
    this.#pusher = new Pusher(this.#settings, config, {
      collect: () => publisher.collect(),
      outbox,
      send: (metrics) => {
        const attempt = carrier.send(metrics);
        this.#attempt = attempt;
        return attempt;
      },
    });
  }

  consume(batch: DropBatch): void {
    if (batch.inherited === true && this.#config.temporality === 'delta') this.#accumulator?.addAsBase(batch);
    else this.#accumulator?.add(batch);
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
