import type { Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { DropAccumulator } from '../../metrics/drop_accumulator.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { DebugConfig } from './config.ts';
import { FlowTally } from './flow_tally.ts';
import { type Change, renderBasic, renderDetailed, renderNormal } from './render.ts';

const RENDER = { basic: renderBasic, normal: renderNormal, detailed: renderDetailed } as const;

/** Flows, and series of pods, that are printed at most. */
const MOST_FLOWS = { basic: 0, normal: 10, detailed: 100 } as const;

/** What was printed last, so that the next print can tell what rose; it outlives a reload as the accumulator does. */
interface Printed {
  readonly drops: Map<string, number>;
  readonly bytes: Map<string, number>;
  readonly losses: Map<string, number>;
  hooks: string;
  timeMillis: number | undefined;
}

/** Prints what changed since its last print, when the receivers' clock ticks. Quiet when nothing changed. */
export class DebugExporter implements Exporter {
  readonly #config: DebugConfig;
  readonly #write: (text: string) => void;
  readonly #accumulator: DropAccumulator;
  readonly #printed: Printed;
  readonly #flows: FlowTally;

  constructor(
    settings: Pick<Settings, 'keep' | 'reloadedMillis'>,
    config: DebugConfig,
    write: (text: string) => void = (text) => void process.stdout.write(text),
  ) {
    this.#config = config;
    this.#write = write;
    this.#accumulator = settings.keep('accumulator', () => new DropAccumulator(settings.reloadedMillis));
    this.#flows = settings.keep('flows', () => new FlowTally());
    this.#printed = settings.keep('printed', () => ({
      drops: new Map(),
      bytes: new Map(),
      losses: new Map(),
      hooks: '',
      timeMillis: undefined,
    }));
  }

  start(): Promise<void> {
    this.#accumulator.resume();
    return Promise.resolve();
  }

  consume(batch: DropBatch): void {
    this.#accumulator.add(batch);
    if (this.#config.verbosity !== 'basic') this.#flows.add(batch);
    if (batch.trigger !== 'interval') return;
    const change = this.#change(batch);
    const text = RENDER[this.#config.verbosity](change);
    if (text !== '') this.#write(text);
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #change({ timeMillis, startTimeMillis }: DropBatch): Change {
    const { drops, bytes, losses, hooks, timeMillis: last } = this.#printed;
    const series = [...this.#accumulator.series].map(([key, now]) => {
      const rise = { ...now, newDrops: now.drops - (drops.get(key) ?? 0), newBytes: (now.bytes ?? 0) - (bytes.get(key) ?? 0) };
      drops.set(key, now.drops);
      bytes.set(key, now.bytes ?? 0);
      return rise;
    });
    const lost = [...this.#accumulator.losses.values()].map((now) => {
      const rise = { ...now, newCount: now.count - (losses.get(now.slot) ?? 0) };
      losses.set(now.slot, now.count);
      return rise;
    });
    const hooksNow = JSON.stringify(this.#accumulator.hooks);
    this.#printed.hooks = hooksNow;
    this.#printed.timeMillis = timeMillis;
    return {
      timeMillis,
      elapsedMillis: timeMillis - (last ?? startTimeMillis),
      series,
      losses: lost,
      hooks: this.#accumulator.hooks,
      hooksChanged: hooks !== hooksNow,
      whose: this.#flows.take(MOST_FLOWS[this.#config.verbosity]),
    };
  }
}
