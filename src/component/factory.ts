import type { Meter } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Exporter, Extension, Processor, Receiver } from './component.ts';
import type { Consumer } from './consumer.ts';
import type { Claim, Need, Supply } from './joints.ts';

/** What the service gives to every component that it makes. */
export interface Settings {
  /** `type` or `type/name`, as the configuration names it. */
  readonly id: string;
  readonly logger: Logger;
  /** For the component's own metrics (`otelcol_*`, `dropreason.receiver.*`). */
  readonly meter: Meter;
  /** Who is speaking: service.name, host.name and so on. */
  readonly resource: Resource;
  /**
   * When the reload began that made this component, in milliseconds since the epoch; 0 at the start of the agent. What was
   * counted before it isn't in counters that are made anew.
   */
  readonly reloadedMillis: number;
  /**
   * What outlives a reload, kept by component id: the value that was put under `name` before it, else what `make` returns.
   * Exporters keep their accumulators here, so that no counter falls at a SIGHUP.
   */
  keep<T>(name: string, make: () => T): T;
}

/** One line of `dropreason doctor`. */
export interface Finding {
  /** What was looked at, such as `hook connect`. */
  readonly subject: string;
  /** `fail`: a component of this configuration would not start. `warn`: it would, and give less. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
}

/** What a published reason means, for `dropreason explain` and docs/reasons.md. Backquotes are around commands and names. */
export interface Explanation {
  readonly reason: string;
  /** Other names for it: the kernel's own, with and without its prefix, where it isn't published under that. */
  readonly aliases: readonly string[];
  /** What it is about; reasons of one subject follow one another. */
  readonly subject: string;
  /** The value of the attribute `class`, and what that says. */
  readonly class: string;
  readonly classMeaning: string;
  readonly meaning: string;
  /** What to look at next. */
  readonly lookAt: string;
}

interface Factory<Config> {
  /** The name in the YAML file, and of the folder. */
  readonly type: string;
  /** Other names that Collector users know it by. */
  readonly aliases?: readonly string[];
  /** One sentence for `dropreason components`. */
  readonly description: string;
  /** Validates, fills in defaults and documents: the JSON schema for editors is made from it. */
  readonly schema: z.ZodType<Config>;
  /**
   * Keys that the Collector's component of this name has and this one hasn't, with what to do about them. A key inside another has
   * its path, such as `extract::annotations`; indices of lists are left out.
   */
  readonly hints?: Readonly<Record<string, string>>;
  /** What it takes for itself while it runs; checked against all others before anything starts. */
  claims?(config: Config): readonly Claim[];
  /** Tries what the component would need, and leaves nothing behind. */
  diagnose?(id: string, config: Config): Promise<readonly Finding[]>;
}

/** Factories import the implementation when `create` is called: what isn't configured isn't loaded. */
export interface ReceiverFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Promise<Receiver>;
  /** What it hands on besides the rows of the node. */
  supplies?(config: Config): readonly Supply[];
  /** Removes what this configuration leaves in the kernel when the agent ends, and names it; a ComponentError where it can't. */
  unpin?(config: Config): Promise<readonly string[]>;
  /** Every reason that it may publish and knows the meaning of. */
  explain?(): Promise<readonly Explanation[]>;
}

export interface ProcessorFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Promise<Processor>;
  /** What receivers, or processors before it, must hand on. */
  needs?(config: Config): readonly Need[];
  /** What it adds to that for the stages after it. */
  supplies?(config: Config): readonly Supply[];
}

export interface ExporterFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Promise<Exporter>;
  /** What receivers and processors must hand on. */
  needs?(config: Config): readonly Need[];
  /** Where an agent of this configuration answers with its counters, in Prometheus' text format. */
  scrapeUrl?(config: Config): string;
}

export interface ExtensionFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Promise<Extension>;
}

/** Every factory there is, by kind; what src/components.ts lists. Each takes what its own schema made, and nothing else. */
export interface Factories {
  readonly receivers: readonly ReceiverFactory[];
  readonly processors: readonly ProcessorFactory[];
  readonly exporters: readonly ExporterFactory[];
  readonly extensions: readonly ExtensionFactory[];
}
