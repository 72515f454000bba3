import type { Counter } from '@opentelemetry/api';
import type { Settings } from '../../../component/factory.ts';
import { RECEIVER } from '../../../metrics/definitions.ts';
import { counter } from '../../../metrics/instruments.ts';
import type { DropRow } from '../../../pdata/drop_row.ts';
import { isKnown } from './reasons.ts';

/**
 * Reasons whose names this release doesn't know, as a newer kernel may have: counted under `unclassified` like all others of
 * that class, told once each in the log, and in a metric of the receiver's own. One for each receiver, from its start on; give
 * it the rows of every read, in any order with handing them on.
 */
export class UnclassifiedReasons {
  readonly #logger: Settings['logger'];
  readonly #drops: Counter;
  readonly #told = new Set<string>();

  constructor({ logger, meter }: Pick<Settings, 'logger' | 'meter'>) {
    this.#logger = logger;
    this.#drops = counter(meter, RECEIVER.unclassifiedReason);
  }

  /** Looks through rows that a read brought; those at 0, which exist from the start, were not seen. */
  look(rows: readonly DropRow[]): void {
    for (const { attributes, drops } of rows) {
      const reason = attributes.get('reason');
      if (drops === 0 || typeof reason !== 'string' || isKnown(reason)) continue;
      this.#drops.add(drops, { reason });
      if (this.#told.has(reason)) continue;
      this.#told.add(reason);
      this.#logger.info({ reason }, 'this release does not know what that drop reason means: its class is unclassified');
    }
  }
}
