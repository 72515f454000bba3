import type { Counter } from '@opentelemetry/api';
import type { Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Output } from '../../component/output.ts';
import { standardOutput } from '../../component/standard_output.ts';
import { EXPORTER } from '../../metrics/definitions.ts';
import { DropAccumulator } from '../../metrics/drop_accumulator.ts';
import { counter } from '../../metrics/instruments.ts';
import type { DropSeries } from '../../metrics/series_map.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { DebugConfig } from './config.ts';
import { FlowTally } from './flow_tally.ts';
import { type Change, renderBasic, renderDetailed, renderNormal, type SeriesChange } from './render.ts';

const RENDER = { basic: renderBasic, normal: renderNormal, detailed: renderDetailed } as const;

/** Flows, and series of pods, that are printed at most. */
const MOST_FLOWS = { basic: 0, normal: 10, detailed: 100 } as const;

/** What was printed last, to compute the increase for the next print. Outlives a reload, like the accumulator. */
interface Printed {
  readonly series: WeakMap<DropSeries, { readonly drops: number; readonly bytes: number }>;
  readonly losses: Map<string, number>;
  hooks: string;
  /** When that was, by performance.now(). */
  steadyMillis: number | undefined;
}

type DebugSettings = Pick<Settings, 'id' | 'logger' | 'meter' | 'keep' | 'reloadedMillis'>;

/** Prints what changed since its last print, when the receivers' clock ticks. Quiet when nothing changed. */
export class DebugExporter implements Exporter {
  readonly #config: DebugConfig;
  readonly #settings: DebugSettings;
  readonly #output: Output;
  readonly #sent: Counter;
  readonly #failed: Counter;
  readonly #accumulator: DropAccumulator;
  readonly #printed: Printed;
  readonly #flows: FlowTally;
  /** Why prints are being lost; undefined where none are. */
  #trouble: string | undefined;

  constructor(settings: DebugSettings, config: DebugConfig, output: Output = standardOutput('stdout')) {
    this.#settings = settings;
    this.#config = config;
    this.#output = output;
    this.#sent = counter(settings.meter, EXPORTER.sent);
    this.#failed = counter(settings.meter, EXPORTER.sendFailed);
    this.#sent.add(0, { exporter: settings.id });
    this.#failed.add(0, { exporter: settings.id });
    this.#accumulator = settings.keep('accumulator', () => new DropAccumulator(settings.reloadedMillis));
    this.#flows = settings.keep('flows', () => new FlowTally());
    this.#printed = settings.keep('printed', () => ({
      series: new WeakMap(),
      losses: new Map(),
      hooks: '',
      steadyMillis: undefined,
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
    if (text !== '') this.#print(text, change.series.filter(({ newDrops }) => newDrops > 0).length);
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #print(text: string, series: number): void {
    const exporter = this.#settings.id;
    this.#output.write(text, (error) => {
      (error === undefined ? this.#sent : this.#failed).add(series, { exporter });
      this.#report(error);
    });
  }

  /** Logs the first of a series of failures, and the end of it. */
  #report(error: Error | undefined): void {
    const trouble = error === undefined ? undefined : ((error as NodeJS.ErrnoException).code ?? error.message);
    if (this.#trouble === trouble) return;
    this.#trouble = trouble;
    const { logger } = this.#settings;
    if (trouble === undefined) logger.info('prints to standard output again');
    else logger.error(`can't print to standard output: ${trouble}; prints are lost until it can, the counters go on`);
  }

  #change({ timeMillis, startTimeMillis, steadyMillis }: DropBatch): Change {
    const { losses, hooks, steadyMillis: last } = this.#printed;
    const { map } = this.#accumulator;
    const ended = [...map.lately()].map((now) => this.#rise(now)).filter(({ newDrops }) => newDrops > 0);
    const series = [...[...map.living.values()].map((now) => this.#rise(now)), ...ended];
    const lost = [...this.#accumulator.losses.values()].map((now) => {
      const rise = { ...now, newCount: now.count - (losses.get(now.slot) ?? 0) };
      losses.set(now.slot, now.count);
      return rise;
    });
    const hooksNow = JSON.stringify(this.#accumulator.hooks);
    this.#printed.hooks = hooksNow;
    this.#printed.steadyMillis = steadyMillis;
    return {
      timeMillis,
      elapsedMillis: last === undefined ? Math.max(0, timeMillis - startTimeMillis) : steadyMillis - last,
      series,
      losses: lost,
      hooks: this.#accumulator.hooks,
      hooksChanged: hooks !== hooksNow,
      whose: this.#flows.take(MOST_FLOWS[this.#config.verbosity]),
    };
  }

  #rise(now: DropSeries): SeriesChange {
    const { drops, bytes = 0 } = now;
    const printed = this.#printed.series.get(now) ?? { drops: 0, bytes: 0 };
    this.#printed.series.set(now, { drops, bytes });
    return { ...now, newDrops: drops - printed.drops, newBytes: bytes - printed.bytes };
  }
}
