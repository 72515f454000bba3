import type { Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Host } from '../../component/host.ts';
import { VERSION } from '../../component/version.ts';
import { within } from '../../component/within.ts';
import { DropAccumulator } from '../../metrics/drop_accumulator.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import { DropPublisher } from '../../publish/drop_publisher.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { OtlpClient } from './client.ts';
import type { OtlpGrpcConfig } from './config.ts';
import { Pusher } from './pusher.ts';

/** Pushes what stands in its counters at every batch of the receivers' clock, and once more at the end. */
export class OtlpGrpcExporter implements Exporter {
  readonly #settings: Settings;
  readonly #config: OtlpGrpcConfig;
  readonly #accumulator: DropAccumulator;
  readonly #publisher: DropPublisher;
  #host: Host | undefined;
  #client: OtlpClient | undefined;
  #pusher: Pusher | undefined;

  constructor(settings: Settings, config: OtlpGrpcConfig) {
    this.#settings = settings;
    this.#config = config;
    this.#accumulator = settings.keep('accumulator', () => new DropAccumulator(settings.reloadedMillis));
    this.#publisher = new DropPublisher({
      accumulator: this.#accumulator,
      naming: NAMINGS[config.metric_names],
      resource: settings.resource,
    });
  }

  get place(): string {
    return `pushed to ${this.#config.endpoint.address} at every collection_interval`;
  }

  async start(host: Host): Promise<void> {
    this.#host = host;
    this.#accumulator.resume();
    this.#client = await OtlpClient.create(this.#config, VERSION);
    this.#pusher = new Pusher(this.#settings, this.#config, {
      collect: () => this.#publisher.collect(),
      send: (metrics) => (this.#client as OtlpClient).send(metrics),
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
    this.#client?.close();
    this.#client = undefined;
  }
}
