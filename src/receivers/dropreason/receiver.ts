import type { Receiver } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import type { HookStatus } from '../../pdata/batch.ts';
import type { DropreasonConfig } from './config.ts';
import { ReceiverMetrics } from './metrics.ts';
import { Reader } from './reader.ts';
import { openSession, type Session } from './session.ts';
import { explainStartError } from './start_error.ts';

/** Has the kernel count drops, and hands on at each read what was added since the one before. */
export class DropreasonReceiver implements Receiver {
  readonly collectionIntervalMillis: number;
  readonly #settings: Settings;
  readonly #config: DropreasonConfig;
  readonly #next: Consumer;
  #session: Session | undefined;
  #reader: Reader | undefined;
  #metrics: ReceiverMetrics | undefined;
  #timer: NodeJS.Timeout | undefined;
  #startTimeMillis = 0;

  constructor(settings: Settings, config: DropreasonConfig, next: Consumer) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.collectionIntervalMillis = config.collection_interval;
  }

  async start(): Promise<void> {
    this.#startTimeMillis = Date.now();
    try {
      this.#session = openSession(this.#config);
    } catch (error) {
      throw explainStartError(error);
    }
    this.#reader = new Reader(this.#session, this.#config);
    this.#metrics = new ReceiverMetrics(this.#settings, this.#session.probe, this.#reader);
    for (const { hook, attached, rung, why } of this.#session.hooks) {
      this.#settings.logger[attached || rung === 'none' ? 'debug' : 'info']({ hook, attached, rung, why }, 'hook');
    }
    this.announce();
    this.#timer = setInterval(() => void this.#readOrLog('interval'), this.collectionIntervalMillis);
  }

  /** Synchronous up to the exporters: two callers in turn each get a read of their own. Nothing after `shutdown`. */
  async read(trigger: 'interval' | 'request'): Promise<void> {
    if (this.#reader === undefined) return;
    const began = performance.now();
    this.#handOn(trigger, this.#reader.read());
    this.#metrics?.readTook((performance.now() - began) / 1000);
  }

  announce(): void {
    if (this.#reader !== undefined) this.#handOn('request', this.#reader.atStart());
  }

  hooks(): readonly HookStatus[] {
    return this.#session?.hooks ?? [];
  }

  /** Reads once more, so that nothing counted is lost, and detaches. */
  async shutdown(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#session === undefined) return;
    await this.#readOrLog('request');
    this.#metrics?.stop();
    this.#session.probe.close();
    this.#session = undefined;
    this.#reader = undefined;
  }

  async #readOrLog(trigger: 'interval' | 'request'): Promise<void> {
    try {
      await this.read(trigger);
    } catch (error) {
      this.#settings.logger.error({ err: error }, 'the kernel could not be read; what it counted is in the next read');
    }
  }

  #handOn(trigger: 'interval' | 'request', { rows, losses }: ReturnType<Reader['read']>): void {
    this.#metrics?.accepted(rows.length);
    this.#next.consume({
      trigger,
      startTimeMillis: this.#startTimeMillis,
      timeMillis: Date.now(),
      rows,
      losses,
      hooks: this.hooks(),
    });
  }
}
