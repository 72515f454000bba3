import { setImmediate as turn } from 'node:timers/promises';
import type { Counter } from '@opentelemetry/api';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Settings } from '../component/factory.ts';
import { Outage } from '../component/outage.ts';
import { within } from '../component/within.ts';
import { EXPORTER } from '../metrics/definitions.ts';
import { counter } from '../metrics/instruments.ts';
import { countPoints, splitPoints } from '../publish/points.ts';
import { PushLog } from './push_log.ts';
import { Retries } from './retries.ts';
import type { RetrySettings } from './retry_settings.ts';
import type { FailedResult, SendResult, SentResult } from './send_result.ts';

/**
 * A message of this many points stays well below the 4 MiB that a gRPC server takes by default, and takes some 10 ms to
 * write: reads and scrapes have their turn between two.
 */
const MOST_POINTS = 4096;

/** What of the configuration a pusher needs. */
export interface PushConfig {
  /** Where it pushes to, for the log. */
  readonly address: string;
  readonly retry_on_failure: RetrySettings;
}

/** What a pusher pushes, and what carries it. */
export interface PushSource {
  collect(): Promise<ResourceMetrics>;
  /** One attempt; resolves in bounded time and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult>;
}

/**
 * Pushes, at most one at a time, and retries. The values are cumulative, so a newer push includes everything of an older one: it replaces
 * one that waits for a retry, and nothing is queued.
 */
export class Pusher {
  readonly #settings: Settings;
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
  #running: Promise<void> | undefined;
  /** Ends the current wait, if any. */
  #wake: (() => void) | undefined;

  constructor(settings: Settings, config: PushConfig, source: PushSource) {
    this.#settings = settings;
    this.#config = config;
    this.#source = source;
    this.#log = new PushLog(settings, config.address);
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
    this.#wake?.();
    this.#running ??= this.#run();
  }

  /** One last push, at once and without retries, that is abandoned after `deadlineMillis`; no push follows it. */
  async finish(deadlineMillis: number): Promise<void> {
    this.#finishing = true;
    this.push();
    if (await within(deadlineMillis, this.#running)) return;
    this.#asked = false;
    const { address } = this.#config;
    this.#settings.logger.error(`the last push to ${address} got no answer in time; what it said is lost`);
  }

  async #run(): Promise<void> {
    // Off the caller's stack: two pipelines that share this exporter make one push, not two.
    await turn();
    while (this.#asked) {
      await this.#holdOff();
      this.#asked = false;
      try {
        await this.#pushOnce(await this.#source.collect());
        this.#collecting.succeeded();
      } catch (error) {
        this.#collecting.failed(error);
      }
    }
    this.#running = undefined;
  }

  async #pushOnce(metrics: ResourceMetrics): Promise<void> {
    let parts = splitPoints(metrics, this.#mostPoints);
    const retries = new Retries(this.#config.retry_on_failure, performance.now());
    const total = { points: 0, rejected: 0, message: '' };
    for (let part = parts.shift(); part !== undefined; ) {
      await turn();
      const result = await this.#source.send(part);
      if (result.status === 'sent') {
        const points = countPoints(part);
        total.points += points;
        total.rejected += this.#count(points, result);
        total.message ||= result.message;
        part = parts.shift();
        continue;
      }
      const points = countPoints(part);
      if (result.status === 'too_large' && points > 1) {
        this.#mostPoints = Math.ceil(points / 2);
        this.#log.tooLarge(points, this.#mostPoints, result.why);
        parts = [part, ...parts].flatMap((each) => splitPoints(each, this.#mostPoints));
        part = parts.shift();
        continue;
      }
      const waitMillis = this.#waitMillis(result, retries);
      this.#log.failed(result);
      if (waitMillis !== undefined) {
        await this.#wait(waitMillis);
        if (this.#mayRetry()) continue;
      }
      const givenUp = [part, ...parts].reduce((points, each) => points + countPoints(each), 0);
      this.#failed.add(givenUp, { exporter: this.#settings.id });
      return;
    }
    this.#log.succeeded();
    this.#log.remarked(total);
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
