import type { Receiver } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { Outage } from '../../component/outage.ts';
import { within } from '../../component/within.ts';
import type { HookStatus } from '../../pdata/batch.ts';
import { enter, giveUpCapabilities, leave, refuseWithoutCapabilities, userToBecome } from './attach/capabilities.ts';
import type { HookReport } from './attach/hook_status.ts';
import { type DropreasonConfig, namesEveryFunction } from './config.ts';
import { pinnedInstance } from './instance.ts';
import { ReceiverMetrics } from './metrics.ts';
import type { User } from './probe.ts';
import { UnclassifiedReasons } from './reasons/unclassified_reasons.ts';
import { ResidentMemory } from './resident_memory.ts';
import { FullMaps } from './rows/full_maps.ts';
import { JoinedReads } from './rows/joined_reads.ts';
import { noProgress, progressOfPinned } from './rows/progress.ts';
import { type Read, Reader } from './rows/reader.ts';
import { openSession, prepareSession, type Session } from './session.ts';
import { explainStartError } from './start_error.ts';

/** Makes the kernel count drops. Each read passes on what was added since the previous one. */
export class DropreasonReceiver implements Receiver {
  readonly collectionIntervalMillis: number;
  readonly #settings: Settings;
  readonly #config: DropreasonConfig;
  readonly #next: Consumer;
  #session: Session | undefined;
  #reader: Reader | undefined;
  #metrics: ReceiverMetrics | undefined;
  #unclassified: UnclassifiedReasons | undefined;
  #fullMaps: FullMaps | undefined;
  readonly #reads: Outage;
  readonly #roomMaking: Outage;
  #timer: NodeJS.Timeout | undefined;
  #resident: ResidentMemory | undefined;
  #startTimeMillis = 0;
  #instance: string | undefined;
  /** Nothing has been passed on yet, and the counts have another start than before a reload. */
  #isAnew = false;
  /** The last read has been requested. */
  #isEnding = false;
  #ended: Promise<void> | undefined;
  readonly #drains = new JoinedReads((trigger) => this.#drain(trigger));

  /** Throws a ComponentError if nothing can be loaded any more, so that a reload fails before anything is stopped. */
  constructor(settings: Settings, config: DropreasonConfig, next: Consumer) {
    refuseWithoutCapabilities();
    prepareSession();
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.collectionIntervalMillis = config.collection_interval;
    this.#reads = new Outage(settings.logger, {
      began: 'reading the kernel failed; the counts are in the next successful read',
      ended: 'reading the kernel works again',
    });
    this.#roomMaking = new Outage(settings.logger, {
      began: 'removing idle rows from the kernel failed; each read tries again',
      ended: 'removing idle rows from the kernel works again',
    });
  }

  async start(): Promise<void> {
    refuseWithoutCapabilities();
    const now = Date.now();
    let user: User | undefined;
    try {
      user = userToBecome(this.#config.user);
      this.#session = openSession(this.#config);
    } catch (error) {
      throw explainStartError(error, this.#config);
    }
    enter(this.#session, { namesEveryFunction: namesEveryFunction(this.#config) });
    const { probe, ladder } = this.#session;
    const began = probe.startTimeMillis || now;
    // The clock may have been set back since the pinned programs began to count.
    this.#startTimeMillis = Math.min(began, now);
    if (this.#config.pin) this.#instance = pinnedInstance(this.#config.pin_path, began);
    const words = 2 * probe.cpus * probe.rows;
    const progress = this.#config.pin ? progressOfPinned(this.#config.pin_path, words, began) : noProgress(words, began);
    this.#reader = new Reader(this.#session, this.#config, progress);
    this.#metrics = new ReceiverMetrics(this.#settings, probe, this.#reader);
    this.#unclassified = new UnclassifiedReasons(this.#settings);
    this.#isAnew = this.#countsAnew();
    this.#fullMaps = new FullMaps(this.#settings.logger);
    this.#logOrigin();
    this.#log(ladder.reports);
    this.#begin(this.#reader, probe.origin === 'taken_over');
    if (this.#config.capabilities === 'drop') await this.#giveUpCapabilities(user);
    this.#resident = new ResidentMemory();
    this.#timer = setInterval(() => void this.#readOrLog('interval'), this.collectionIntervalMillis);
  }

  /**
   * In basic mode synchronous up to the exporters, so each caller gets its own read. In advanced mode it waits for the kernel first, and
   * callers may share a read. Does nothing after `shutdown`.
   */
  async read(trigger: 'interval' | 'request'): Promise<void> {
    if (this.#isEnding) return;
    if (this.#config.mode === 'advanced') return this.#drains.request(trigger);
    const began = performance.now();
    this.#retry(trigger);
    if (this.#reader === undefined) return;
    this.#handOn(trigger, this.#reader.read(), began);
    this.#makeRoom(this.#reader);
  }

  /** Runs beside the reads, because it waits for the kernel. */
  #makeRoom(reader: Reader): void {
    reader.makeRoom().then(
      () => this.#roomMaking.succeeded(),
      (error: unknown) => this.#roomMaking.failed(error),
    );
  }

  async #drain(trigger: 'interval' | 'request'): Promise<void> {
    const began = performance.now();
    this.#retry(trigger);
    const read = await this.#reader?.drain();
    // If it took longer than the shutdown allowed, the consumers have stopped.
    if (read !== undefined && this.#session !== undefined) this.#handOn(trigger, read, began);
  }

  /** Tries hooks again, because modules may have been loaded since the last interval. */
  #retry(trigger: 'interval' | 'request'): void {
    if (trigger === 'interval' && this.#session !== undefined) this.#log(this.#session.ladder.retry(), 'info');
  }

  announce(): void {
    if (this.#reader !== undefined) this.#handOn('request', this.#reader.atStart());
  }

  /** What exists at 0, and what an earlier process has counted. Without flows and pins the first read has it all. */
  #begin(reader: Reader, isTakenOver: boolean): void {
    const atStart = reader.atStart();
    if (this.#config.mode === 'basic' && !this.#config.pin) {
      this.#handOn('request', atStart);
      return;
    }
    const { isBegun, ...history } = reader.history();
    const read = { ...history, rows: [...atStart.rows, ...history.rows], losses: [...atStart.losses, ...history.losses] };
    this.#handOn('request', { ...read, ...(isTakenOver && !isBegun ? { inherited: true } : {}) });
  }

  get instance(): string | undefined {
    return this.#instance;
  }

  hooks(): readonly HookStatus[] {
    return this.#session?.ladder.hooks ?? [];
  }

  /** Reads a last time, so that no count is lost, and detaches what isn't pinned. */
  shutdown(deadlineMillis: number): Promise<void> {
    this.#ended ??= this.#end(deadlineMillis);
    return this.#ended;
  }

  async #end(deadlineMillis: number): Promise<void> {
    clearInterval(this.#timer);
    this.#resident?.stop();
    if (this.#session === undefined) return;
    const last = this.#readOrLog('request');
    this.#isEnding = true;
    await within(deadlineMillis, last);
    this.#metrics?.stop();
    leave(this.#session);
    this.#session.probe.close();
    this.#session = undefined;
    this.#reader = undefined;
  }

  /** Whether the counts are others than this receiver's before a reload, and either outlive the process. */
  #countsAnew(): boolean {
    const before = this.#settings.keep('instance', (): { instance?: string | undefined } => ({}));
    const isAnew = 'instance' in before && before.instance !== this.#instance;
    before.instance = this.#instance;
    return isAnew;
  }

  /** Reads first, because the read looks up symbols, which needs the capabilities. */
  async #giveUpCapabilities(user: User | undefined): Promise<void> {
    if (this.#session === undefined) return;
    await this.read('request');
    try {
      giveUpCapabilities(user);
    } catch (error) {
      throw explainStartError(error, this.#config);
    }
    if (user !== undefined) this.#settings.logger.info({ user: this.#config.user, ...user }, 'changed to another user');
    this.#settings.logger.info('dropped all capabilities: nothing can be attached from now on');
  }

  async #readOrLog(trigger: 'interval' | 'request'): Promise<void> {
    try {
      await this.read(trigger);
      this.#reads.succeeded();
    } catch (error) {
      this.#reads.failed(error);
    }
  }

  #logOrigin(): void {
    const { origin, missing, startTimeMillis } = this.#session?.probe ?? { origin: 'new', missing: '', startTimeMillis: 0 };
    const { logger } = this.#settings;
    const pinned = { pin_path: this.#config.pin_path };
    if (origin === 'taken_over') {
      const since = new Date(startTimeMillis).toISOString();
      logger.info({ ...pinned, since }, 'continuing with the pinned counts');
    } else if (origin === 'replaced') {
      const why = 'removed pins of another configuration, build or set of privileges: counting starts from 0';
      logger.warn(pinned, why);
    } else if (origin === 'incomplete') {
      logger.warn({ ...pinned, missing }, 'removed incomplete pins: counting starts from 0');
    }
  }

  #log(reports: readonly HookReport[], otherwise: 'info' | 'debug' = 'debug'): void {
    for (const { status, notable } of reports) {
      // The only state of a hook that slows other programs.
      const level = status.why === 'slows_calls' ? 'warn' : notable ? 'info' : otherwise;
      this.#settings.logger[level](status, 'hook');
    }
  }

  /** `began`: when the read began, by performance.now(), if it was a read. */
  #handOn(trigger: 'interval' | 'request', read: Read, began?: number): void {
    this.#metrics?.accepted(read.rows.length);
    this.#unclassified?.look(read.rows);
    this.#fullMaps?.look(read, performance.now());
    this.#next.consume({
      trigger,
      startTimeMillis: this.#startTimeMillis,
      timeMillis: Date.now(),
      steadyMillis: performance.now(),
      ...(this.#isAnew ? { anew: true } : {}),
      ...read,
      hooks: this.hooks(),
    });
    this.#isAnew = false;
    if (began !== undefined) this.#metrics?.readTook((performance.now() - began) / 1000);
  }
}
