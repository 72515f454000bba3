import type { Counter } from '@opentelemetry/api';
import type { Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { EXPORTER } from '../../metrics/definitions.ts';
import { counter } from '../../metrics/instruments.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { FileConfig } from './config.ts';
import { openDestination } from './destination.ts';
import { countLines } from './lines.ts';
import { ReadTimes } from './read_times.ts';
import { Writer } from './writer.ts';

/** Writes the flows of every read as JSON lines (lines.ts has the format). A destination that is slow never delays a read. */
export class FileExporter implements Exporter {
  readonly #settings: Settings;
  readonly #config: FileConfig;
  readonly #times: ReadTimes;
  readonly #sent: Counter;
  readonly #failed: Counter;
  #writer: Writer | undefined;
  /** Why flows are being lost, as last logged; undefined if none are. */
  #trouble: string | undefined;
  #toldOfBasic = false;

  constructor(settings: Settings, config: FileConfig) {
    this.#settings = settings;
    this.#config = config;
    this.#times = settings.keep('times', () => new ReadTimes());
    this.#sent = counter(settings.meter, EXPORTER.sent);
    this.#failed = counter(settings.meter, EXPORTER.sendFailed);
    this.#sent.add(0, { exporter: settings.id });
    this.#failed.add(0, { exporter: settings.id });
  }

  get place(): string {
    return `flows as JSON lines in ${this.#config.path}`;
  }

  async start(): Promise<void> {
    const exporter = this.#settings.id;
    this.#writer = new Writer(await openDestination(this.#config), {
      sent: (flows) => this.#sent.add(flows, { exporter }),
      lost: (flows, error) => {
        this.#failed.add(flows, { exporter });
        this.#report(error);
      },
      caughtUp: () => this.#recovered(),
    });
  }

  reopen(): void {
    this.#writer?.reopen();
  }

  consume(batch: DropBatch): void {
    if (batch.flows === undefined) {
      this.#tellOfBasic(batch);
      return;
    }
    this.#toldOfBasic = true;
    const read = { ...this.#times.of(batch), flows: batch.flows };
    if (countLines(read) > 0) this.#writer?.write(read);
  }

  async shutdown(deadlineMillis: number): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.finish(deadlineMillis);
  }

  /** Told when it begins, not at every read. */
  #report(error: Error | undefined): void {
    const { path } = this.#config;
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    const absent = code === 'ENXIO' || code === 'ECONNREFUSED' || code === 'ENOENT';
    const why =
      error === undefined
        ? `${path} accepts lines too slowly: whole reads are lost until it keeps up`
        : absent
          ? `${path} has no reader (${code}): output is lost until there is one`
          : `can't write to ${path}: ${error.message}; the rest of this read is lost, the next one is attempted`;
    if (this.#trouble === why) return;
    this.#trouble = why;
    this.#settings.logger[absent ? 'warn' : 'error'](why);
  }

  #recovered(): void {
    if (this.#trouble !== undefined) this.#settings.logger.info(`flows are written to ${this.#config.path} again`);
    this.#trouble = undefined;
  }

  #tellOfBasic({ trigger }: DropBatch): void {
    if (this.#toldOfBasic || trigger !== 'interval') return;
    this.#toldOfBasic = true;
    this.#settings.logger.warn('there are no flows to write: they come with `mode: advanced` of the receiver');
  }
}
