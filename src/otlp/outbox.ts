import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { countPoints, splitPoints } from '../publish/points.ts';

/** What a pusher has to push, by message. */
export interface Outbox {
  /** Takes up the current counters, one call after another. Returns how many points had to be given up for them. */
  add(metrics: ResourceMetrics): Promise<number>;
  /** The message to send next, of at most `most` points: the same one until it is settled. Undefined if nothing is left. */
  first(most: number): ResourceMetrics | undefined;
  /** The server has answered, and won't get this message again. */
  settle(message: ResourceMetrics): void;
  /** The server has not accepted what is left, and isn't tried again before new counters come. */
  giveUp(): void;
  /** Data points that are left. */
  readonly points: number;
  /** Whether they stay until they are accepted. Then counters are taken up at each push, however long an earlier one takes. */
  readonly keeps: boolean;
  readonly fates: Fates;
}

/** What becomes of points that were not accepted, for the log. */
export interface Fates {
  readonly waiting: string;
  /** Where the server never accepts this message; appended. */
  readonly refused: string;
  /** After the last push. */
  readonly ended: string;
}

/** Messages in order. One that is too large is split. */
export class Messages {
  #all: ResourceMetrics[] = [];

  get points(): number {
    return this.#all.reduce((points, message) => points + countPoints(message), 0);
  }

  set(metrics: ResourceMetrics | undefined): void {
    this.#all = metrics === undefined || countPoints(metrics) === 0 ? [] : [metrics];
  }

  first(most: number): ResourceMetrics | undefined {
    if (this.#all[0] !== undefined && countPoints(this.#all[0]) > most) {
      this.#all = this.#all.flatMap((message) => splitPoints(message, most));
    }
    return this.#all[0];
  }

  remove(message: ResourceMetrics): void {
    this.#all = this.#all.filter((each) => each !== message);
  }
}

/** Cumulative counters: the newest include everything of older ones and replace them. */
export class NewestCounters implements Outbox {
  readonly keeps = false;
  readonly fates = { waiting: 'the counters keep what was not sent', refused: '', ended: 'what it said is lost' };
  readonly #messages = new Messages();

  add(metrics: ResourceMetrics): Promise<number> {
    this.#messages.set(metrics);
    return Promise.resolve(0);
  }

  first(most: number): ResourceMetrics | undefined {
    return this.#messages.first(most);
  }

  settle(message: ResourceMetrics): void {
    this.#messages.remove(message);
  }

  giveUp(): void {
    this.#messages.set(undefined);
  }

  get points(): number {
    return this.#messages.points;
  }
}
