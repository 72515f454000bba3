import type { Counter } from '@opentelemetry/api';
import type { Settings } from '../../../component/factory.ts';
import { RECEIVER } from '../../../metrics/definitions.ts';
import { counter } from '../../../metrics/instruments.ts';
import type { DropRow } from '../../../pdata/drop_row.ts';
import { isKnown } from './reasons.ts';

/**
 * Tracks reasons whose names this release doesn't know, such as those of newer kernels. They are counted as `unclassified`. Each is
 * logged once and counted in a metric of the receiver. One instance per receiver, from its start; pass it the rows of every read, before
 * or after the consumers get them.
 */
export class UnclassifiedReasons {
  readonly #logger: Settings['logger'];
  readonly #drops: Counter;
  readonly #told = new Set<string>();

  constructor({ logger, meter }: Pick<Settings, 'logger' | 'meter'>) {
    this.#logger = logger;
    this.#drops = counter(meter, RECEIVER.unclassifiedReason);
  }

  /** Checks the rows of a read. Rows at 0 are ignored, because they exist from the start. */
  look(rows: readonly DropRow[]): void {
    for (const { attributes, drops } of rows) {
      const reason = attributes.get('reason');
      if (drops === 0 || typeof reason !== 'string' || isKnown(reason)) continue;
      this.#drops.add(drops, { reason });
      if (this.#told.has(reason)) continue;
      this.#told.add(reason);
      this.#logger.info({ reason }, 'unknown drop reason: this release counts it with class unclassified');
    }
  }
}
