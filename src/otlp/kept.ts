import type { Settings } from '../component/factory.ts';
import { DropAccumulator } from '../metrics/drop_accumulator.ts';
import { NewestCounters, type Outbox } from './outbox.ts';
import { PendingDeltas } from './pending_deltas.ts';
import type { PushSettings } from './push_settings.ts';

/** What an exporter has counted, and what of it is still to be pushed. */
export interface Pushed {
  readonly accumulator: DropAccumulator;
  readonly outbox: Outbox;
}

interface Kept {
  readonly streams: string;
  readonly pushed: Pushed;
}

/**
 * Of the exporter before a reload, unless its streams are others now: then they begin at the reload. Cumulative counters may change their
 * names, since each value says since when it counts. With deltas a backend would count twice what it has under other names.
 */
export function keepPushed(settings: Settings, { temporality, metric_names }: PushSettings): Pushed {
  const kept = settings.keep('pushed', (): { last?: Kept } => ({}));
  const streams = temporality === 'delta' ? `delta ${metric_names}` : temporality;
  if (kept.last?.streams === streams) return kept.last.pushed;
  const left = kept.last?.pushed.outbox.points ?? 0;
  if (left > 0) settings.logger.error(`${left} points that were not accepted are lost, since temporality or names have changed`);
  const outbox = temporality === 'delta' ? new PendingDeltas() : new NewestCounters();
  const pushed = { accumulator: new DropAccumulator(settings.reloadedMillis), outbox };
  kept.last = { streams, pushed };
  return pushed;
}
