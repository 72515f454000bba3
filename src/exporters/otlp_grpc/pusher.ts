import type { Counter } from '@opentelemetry/api';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Settings } from '../../component/factory.ts';
import { within } from '../../component/within.ts';
import { EXPORTER } from '../../metrics/definitions.ts';
import { counter } from '../../metrics/instruments.ts';
import { countPoints, splitPoints } from '../../metrics/points.ts';
import { Backoff } from './backoff.ts';
import type { SendResult } from './client.ts';
import type { OtlpGrpcConfig } from './config.ts';

/**
 * A message of this many points stays well below the 4 MiB that a gRPC server takes by default, and takes some 10 ms to
 * write: reads and scrapes have their turn between two.
 */
const MOST_POINTS = 4096;

/** What a pusher pushes, and where to. */
export interface PushSource {
  collect(): Promise<ResourceMetrics>;
  /** One attempt; resolves in bounded time and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult>;
}

/**
 * Pushes, at most one at a time, and retries. The values are cumulative, so a newer push says all that an older one would
 * have: it takes the place of one that waits for a retry, and nothing is queued.
 */
export class Pusher {
  readonly #settings: Settings;
  readonly #config: OtlpGrpcConfig;
  readonly #source: PushSource;
  readonly #sent: Counter;
  readonly #failed: Counter;
  #state: SendResult['status'] = 'sent';
  #asked = false;
  #finishing = false;
  #running: Promise<void> | undefined;
  /** Ends the wait for a retry, where there is one. */
  #wake: (() => void) | undefined;

  constructor(settings: Settings, config: OtlpGrpcConfig, source: PushSource) {
    this.#settings = settings;
    this.#config = config;
    this.#source = source;
    this.#sent = counter(settings.meter, EXPORTER.sent);
    this.#failed = counter(settings.meter, EXPORTER.sendFailed);
    this.#sent.add(0, { exporter: settings.id });
    this.#failed.add(0, { exporter: settings.id });
  }

  /** Has what stands in the counters pushed soon; returns at once. */
  push(): void {
    this.#asked = true;
    this.#wake?.();
    this.#running ??= this.#run();
  }

  /** One last push, without retries, that is abandoned after `deadlineMillis`; no push follows it. */
  async finish(deadlineMillis: number): Promise<void> {
    this.#finishing = true;
    this.push();
    if (await within(deadlineMillis, this.#running)) return;
    this.#asked = false;
    const { address } = this.#config.endpoint;
    this.#settings.logger.error(`the last push to ${address} got no answer in time; what it said is lost`);
  }

  async #run(): Promise<void> {
    // Off the caller's stack: two pipelines that share this exporter make one push, not two.
    await turn();
    while (this.#asked) {
      this.#asked = false;
      try {
        await this.#pushOnce(await this.#source.collect());
      } catch (error) {
        this.#settings.logger.error({ err: error }, "can't collect what to push");
      }
    }
    this.#running = undefined;
  }

  async #pushOnce(metrics: ResourceMetrics): Promise<void> {
    const parts = splitPoints(metrics, MOST_POINTS);
    const backoff = this.#backoff();
    for (let part = parts.shift(); part !== undefined; ) {
      await turn();
      const result = await this.#source.send(part);
      if (result.status === 'sent') {
        this.#sent.add(countPoints(part), { exporter: this.#settings.id });
        part = parts.shift();
        continue;
      }
      const waitMillis = result.status === 'retryable' && this.#mayRetry() ? backoff.next(Date.now()) : undefined;
      if (waitMillis !== undefined) {
        this.#report(result);
        await this.#wait(waitMillis);
        if (this.#mayRetry()) continue;
      }
      const givenUp = [part, ...parts].reduce((points, each) => points + countPoints(each), 0);
      this.#failed.add(givenUp, { exporter: this.#settings.id });
      this.#report(result);
      return;
    }
    this.#recovered();
  }

  #mayRetry(): boolean {
    return this.#config.retry_on_failure.enabled && !this.#asked && !this.#finishing;
  }

  #backoff(): Backoff {
    const { initial_interval, max_interval, max_elapsed_time } = this.#config.retry_on_failure;
    return new Backoff(
      { initialMillis: initial_interval, mostMillis: max_interval, elapsedMillis: max_elapsed_time },
      Date.now(),
    );
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

  /** A failure is told when it begins, not at every attempt: the same counters go out with the next push. */
  #report(result: Exclude<SendResult, { status: 'sent' }>): void {
    if (this.#state === result.status) return;
    this.#state = result.status;
    const { logger } = this.#settings;
    const where = `can't push to ${this.#config.endpoint.address}: ${result.why}`;
    if (result.status === 'retryable') logger.warn(`${where}; will go on trying, the counters keep what was not sent`);
    else logger.error(`${where}; trying again won't help by itself, see exporters::${this.#settings.id}`);
  }

  #recovered(): void {
    if (this.#state !== 'sent') this.#settings.logger.info(`pushes to ${this.#config.endpoint.address} succeed again`);
    this.#state = 'sent';
  }
}

/** Lets what else waits on the event loop go first. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
