import type { Series } from './metrics_text.ts';

/**
 * The increases of counters as a scraper sees them, over all scrapes. A series that is new, has decreased or was absent counts
 * from 0.
 */
export class Increases {
  #last = new Map<string, number>();
  #sum = 0;

  get sum(): number {
    return this.#sum;
  }

  /** The series of one scrape, all of the same metric. */
  add(series: readonly Series[]): void {
    const now = new Map<string, number>();
    for (const { labels, value } of series) {
      const key = JSON.stringify(labels);
      const before = this.#last.get(key) ?? 0;
      this.#sum += value >= before ? value - before : value;
      now.set(key, value);
    }
    this.#last = now;
  }
}
