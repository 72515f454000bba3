import { setImmediate as turn } from 'node:timers/promises';
import type { Counter } from '@opentelemetry/api';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Settings } from '../component/factory.ts';
import { Outage } from '../component/outage.ts';
import { within } from '../component/within.ts';
import { EXPORTER } from '../metrics/definitions.ts';
import { counter } from '../metrics/instruments.ts';
import { countPoints } from '../publish/points.ts';
import type { Outbox } from './outbox.ts';
import { PushLog, type PushPlace } from './push_log.ts';
import { Retries } from './retries.ts';
import type { RetrySettings } from './retry_settings.ts';
import { type FailedResult, isAboutMessage, type SendResult, type SentResult } from './send_result.ts';

/**
 * A message of this many points stays well below the 4 MiB that a gRPC server takes by default, and takes some 3 ms to
 * write: reads and scrapes have their turn between two.
 */
const MOST_POINTS = 1024;

/** What of the configuration a pusher needs. */
export interface PushConfig extends PushPlace {
  readonly retry_on_failure: RetrySettings;
}

/** What a pusher pushes, and what carries it. */
export interface PushSource {
  /** The current values, which are cumulative. */
  collect(): Promise<ResourceMetrics>;
  /** What of them is still to be sent. */
  readonly outbox: Outbox;
  /** One attempt; resolves in bounded time and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult>;
}

/** What a pusher needs of an exporter's settings; `id` is the exporter's in the metrics. */
export type PusherSettings = Pick<Settings, 'id' | 'logger' | 'meter'>;

/** Pushes, at most one message at a time, and retries. A new push ends the wait for a retry; its outbox knows what that means. */
export class Pusher {
  readonly #settings: PusherSettings;
  readonly #config: PushConfig;
  readonly #source: PushSource;
  readonly #sent: Counter;
  readonly #failed: Counter;
  readonly #log: PushLog;
  readonly #collecting: Outage;
  /** The server requests no push before this, by performance.now(). */
  #notBeforeMillis = 0;
  /** Halved when the server calls a message too large. */
  #mostPoints = MOST_POINTS;
  #asked = false;
  #finishing = false;
  /** Nothing more is sent. */
  #isOver = false;
  #running: Promise<void> | undefined;
  /** Collections so far, one after another. */
  #collected: Promise<void> = Promise.resolve();
  #willCollect = false;
  /** Ends the current wait, if any. */
  #wake: (() => void) | undefined;

  constructor(settings: PusherSettings, config: PushConfig, source: PushSource) {
    this.#settings = settings;
    this.#config = config;
    this.#source = source;
    this.#log = new PushLog(settings.logger, config, source.outbox.fates);
    this.#collecting = new Outage(settings.logger, {
      began: "can't collect what to push",
      ended: 'what to push can be collected again',
    });
    this.#sent = counter(settings.meter, EXPORTER.sent);
    this.#failed = counter(settings.meter, EXPORTER.sendFailed);
    this.#sent.add(0, { exporter: settings.id });
    this.#failed.add(0, { exporter: settings.id });
  }

  /** Starts a push of the current counters soon; returns at once. */
  push(): void {
    this.#asked = true;
    if (this.#source.outbox.keeps) this.#collect();
    this.#wake?.();
    this.#running ??= this.#run();
  }

  /** One last push, at once and without retries, that is abandoned after `deadlineMillis`; no push follows it. */
  async finish(deadlineMillis: number): Promise<void> {
    this.#finishing = true;
    this.push();
    const isAnswered = await within(deadlineMillis, this.#running);
    this.#isOver = true;
    this.#asked = false;
    this.#log.ended(isAnswered, this.#source.outbox.points);
  }

  async #run(): Promise<void> {
    // Off the caller's stack: two pipelines that share this exporter make one push, not two.
    await turn();
    while (this.#asked) {
      await this.#holdOff();
      this.#asked = false;
      this.#collect();
      await this.#collected;
      await this.#pushAll();
    }
    this.#running = undefined;
  }

  /** Collects soon, once for all that ask before it begins. */
  #collect(): void {
    if (this.#willCollect) return;
    this.#willCollect = true;
    this.#collected = this.#collected.then(async () => {
      await turn();
      this.#willCollect = false;
      await this.#takeUp();
    });
  }

  async #takeUp(): Promise<void> {
    try {
      const givenUp = await this.#source.outbox.add(await this.#source.collect());
      this.#failed.add(givenUp, { exporter: this.#settings.id });
      this.#log.givenUp(givenUp);
      this.#collecting.succeeded();
    } catch (error) {
      this.#collecting.failed(error);
    }
  }

  /** Sends what is in the outbox, until nothing is left or the server is not to be tried again before the next push. */
  async #pushAll(): Promise<void> {
    const { outbox } = this.#source;
    const retries = new Retries(this.#config.retry_on_failure, performance.now());
    const total = { points: 0, rejected: 0, message: '' };
    let isRefused = false;
    for (;;) {
      const message = this.#isOver ? undefined : outbox.first(this.#mostPoints);
      if (message === undefined) break;
      await turn();
      const result = await this.#source.send(message);
      // After a reload the outbox is another pusher's. What is acknowledged late is acknowledged.
      if (this.#isOver && result.status !== 'sent') return;
      const points = countPoints(message);
      if (result.status === 'sent') {
        outbox.settle(message);
        total.points += points;
        total.rejected += this.#count(points, result);
        total.message ||= result.message;
      } else if (result.status === 'too_large' && points > 1) {
        this.#mostPoints = Math.ceil(points / 2);
        this.#log.tooLarge(points, this.#mostPoints, result.why);
      } else if (isAboutMessage(result)) {
        isRefused = true;
        outbox.settle(message);
        this.#failed.add(points, { exporter: this.#settings.id });
        this.#log.failed(result);
      } else if (!(await this.#mayTryAgain(result, retries))) {
        this.#failed.add(outbox.points, { exporter: this.#settings.id });
        outbox.giveUp();
        return;
      }
    }
    if (isRefused || total.points === 0) return;
    this.#log.succeeded();
    this.#log.remarked(total);
  }

  /** Logs a failure and waits; whether to try again after it. */
  async #mayTryAgain(result: FailedResult, retries: Retries): Promise<boolean> {
    const waitMillis = this.#waitMillis(result, retries);
    this.#log.failed(result);
    if (waitMillis === undefined) return false;
    await this.#wait(waitMillis);
    return this.#mayRetry();
  }

  /** Points that the server rejected, of those that it was sent. */
  #count(points: number, result: SentResult): number {
    const rejected = Math.min(result.rejected, points);
    this.#sent.add(points - rejected, { exporter: this.#settings.id });
    this.#failed.add(rejected, { exporter: this.#settings.id });
    return rejected;
  }

  /** The wait before the next attempt of the same push, or undefined if there is none. */
  #waitMillis(result: FailedResult, retries: Retries): number | undefined {
    if (result.status !== 'retryable') return undefined;
    const { waitMillis = 0 } = result;
    this.#notBeforeMillis = performance.now() + waitMillis;
    return this.#mayRetry() ? retries.next(performance.now(), waitMillis) : undefined;
  }

  /** The server's delay holds for newer pushes too. Only the last one doesn't wait: it would be lost. */
  async #holdOff(): Promise<void> {
    for (;;) {
      const waitMillis = this.#notBeforeMillis - performance.now();
      if (waitMillis <= 0 || this.#finishing) return;
      await this.#wait(waitMillis);
    }
  }

  #mayRetry(): boolean {
    return this.#config.retry_on_failure.enabled && !this.#asked && !this.#finishing;
  }

  #wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, millis);
      this.#wake = end;
    });
  }
}
