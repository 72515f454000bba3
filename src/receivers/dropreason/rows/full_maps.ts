import type { Settings } from '../../../component/factory.ts';
import type { Read } from './reader.ts';

/** So long a map must have had room before that is logged: one that is full on and off is logged once. */
const QUIET_MILLIS = 60_000;

/** Maps that may be full, by the loss slot that counts it: what that costs, and what to do. */
const BY_SLOT: Readonly<Record<string, string>> = {
  attributes_full: 'new rows are counted without their attributes; raise attributes_max_entries, or ask for fewer attributes',
  unlisted_full: 'failed calls, and drops for reasons without a row of their own, are not counted; please report it',
  notes_full: 'some drops by NAT and conntrack are counted as IPTABLE_RULE_DROP; please report it',
  stacks_full: 'some drops of netfilter are counted without their call chain',
};
const FLOWS = 'flows';
const FLOWS_FULL = 'drops of new flows are counted as overflow; raise flows::max_entries, or shorten collection_interval';

interface Full {
  drops: number;
  lastMillis: number;
}

/** Logs once that a map of the kernel is full, with what to do, and once that it has room again. */
export class FullMaps {
  readonly #logger: Settings['logger'];
  readonly #full = new Map<string, Full>();

  constructor(logger: Settings['logger']) {
    this.#logger = logger;
  }

  /** Looks at what a read brought. */
  look({ losses, flows }: Pick<Read, 'losses' | 'flows'>, nowMillis: number): void {
    for (const { slot, count } of losses) {
      const what = BY_SLOT[slot];
      if (what !== undefined) this.#add(slot, count, what, nowMillis);
    }
    const overflow = (flows?.overflow ?? []).reduce((sum, { drops }) => sum + drops, 0);
    this.#add(FLOWS, overflow, FLOWS_FULL, nowMillis);
    for (const [map, { drops, lastMillis }] of this.#full) {
      if (nowMillis - lastMillis < QUIET_MILLIS) continue;
      this.#full.delete(map);
      this.#logger.info({ map, drops }, 'the kernel map has had room for a minute');
    }
  }

  #add(slot: string, drops: number, what: string, nowMillis: number): void {
    if (drops === 0) return;
    const map = slot.replace('_full', '');
    const full = this.#full.get(map);
    if (full === undefined) {
      this.#full.set(map, { drops, lastMillis: nowMillis });
      this.#logger.warn({ map, drops }, `the kernel map is full: ${what}`);
      return;
    }
    full.drops += drops;
    full.lastMillis = nowMillis;
  }
}
