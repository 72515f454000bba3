import type { Attributes, Meter } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { AuthenticatorRole } from './authenticator.ts';
import type { Exporter, Extension, Processor, Receiver } from './component.ts';
import type { Consumer } from './consumer.ts';
import type { IgnoredKey } from './ignored_key.ts';
import type { AuthenticatorUse, Claim, Need, Supply } from './joints.ts';

/** What the service passes to every component that it creates. */
export interface Settings {
  /** `type` or `type/name`, as in the configuration. */
  readonly id: string;
  readonly logger: Logger;
  /** For the component's own metrics (`otelcol_*`, `dropreason.receiver.*`). */
  readonly meter: Meter;
  /** The identity of the agent: service.name, host.name and so on. */
  readonly resource: Resource;
  /**
   * When the reload began that created this component, in milliseconds since the epoch; 0 at the start of the agent. New counters don't
   * include what was counted before.
   */
  readonly reloadedMillis: number;
  /**
   * Returns the value stored for this component under `name` before a reload, else stores and returns the result of `make`. Exporters
   * keep their accumulators here, so that no counter decreases at a SIGHUP.
   */
  keep<T>(name: string, make: () => T): T;
}

/** One line of `dropreason doctor`. */
export interface Finding {
  /** What was checked, such as `hook connect`. */
  readonly subject: string;
  /** `fail`: a component of this configuration would not start. `warn`: it would start with limitations. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
}

/** The meaning of a published reason, for `dropreason explain` and docs/reasons.md. Commands and names are in backquotes. */
export interface Explanation {
  readonly reason: string;
  /** Other names: the kernel's own, with and without its prefix, if the reason is published under another name. */
  readonly aliases: readonly string[];
  /** Its topic. Reasons of one topic are adjacent. */
  readonly subject: string;
  /** The value of the attribute `class`, and its meaning. */
  readonly class: string;
  readonly classMeaning: string;
  readonly meaning: string;
  /** What to check next. */
  readonly lookAt: string;
}

/** Where an agent's counters can be scraped. */
export interface ScrapeTarget {
  readonly url: string;
  /** What a client must have, such as a certificate. */
  readonly requires: readonly string[];
}

interface Factory<Config> {
  /** The name in the YAML file and of the folder. */
  readonly type: string;
  /** Other names, as used by the Collector. */
  readonly aliases?: readonly string[];
  /** One sentence for `dropreason components`. */
  readonly description: string;
  /** Validates, sets defaults and documents. The JSON schema for editors is generated from it. */
  readonly schema: z.ZodType<Config>;
  /**
   * Keys of the Collector's component of this name that this one doesn't have, and what to do about them. A nested key has its path, such
   * as `extract::annotations`, without list indices.
   */
  readonly hints?: Readonly<Record<string, string>>;
  /**
   * Keys of the Collector's component that are accepted here and have no effect, by their path as in `hints`. Each is reported
   * in a warning with the reason. If only one value has no effect, any other is a mistake.
   */
  readonly ignored?: Readonly<Record<string, string | IgnoredKey>>;
  /** The exclusive resources that it uses. Checked against all other components before anything starts. */
  claims?(config: Config): readonly Claim[];
  /** The extensions that it uses for authentication. Checked like claims. */
  authenticators?(config: Config): readonly AuthenticatorUse[];
  /** Checks what the component would need, and leaves nothing behind. */
  diagnose?(id: string, config: Config): Promise<readonly Finding[]>;
}

/** Factories import the implementation in `create`, so that only configured components are loaded. */
export interface ReceiverFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Promise<Receiver>;
  /** What it provides besides the rows of the node. */
  supplies?(config: Config): readonly Supply[];
  /** Removes what this configuration leaves in the kernel after the agent ends. Returns the names; throws a ComponentError on failure. */
  unpin?(config: Config): Promise<readonly string[]>;
  /** All reasons that it may publish and can explain. */
  explain?(): Promise<readonly Explanation[]>;
}

export interface ProcessorFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Promise<Processor>;
  /** What receivers or earlier processors must provide. */
  needs?(config: Config): readonly Need[];
  /** What it adds for later stages. */
  supplies?(config: Config): readonly Supply[];
  /** Attributes that it looks at; those of an end of a flow with `source.` or `destination.` before them. */
  reads?(config: Config): readonly string[];
  /** Attributes that nothing has after it, or not everything. */
  deletes?(config: Config): readonly string[];
  /** Attributes that it sets. */
  sets?(config: Config): readonly string[];
  /** What it makes of the attributes of the resource, which all batches of the pipeline have in common. */
  resource?(config: Config, attributes: Attributes): Attributes;
}

export interface ExporterFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Promise<Exporter>;
  /** What receivers and processors must provide. */
  needs?(config: Config): readonly Need[];
  /** Whether it publishes the resource. */
  readonly publishesResource?: boolean;
  /** Whether an attribute of this name is published; absent: all are. */
  publishes?(config: Config, attribute: string): boolean;
  /** Where its counters are in the Prometheus text format, for an agent with this configuration. */
  scrapeTarget?(config: Config): ScrapeTarget;
}

export interface ExtensionFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Promise<Extension>;
  /** Of an authenticator: for each role, whether this configuration has it, or what is missing for it. */
  authenticates?(config: Config): Readonly<Record<AuthenticatorRole, true | string>>;
}

/** All factories by kind, listed in src/components.ts. Each accepts only the output of its own schema. */
export interface Factories {
  readonly receivers: readonly ReceiverFactory[];
  readonly processors: readonly ProcessorFactory[];
  readonly exporters: readonly ExporterFactory[];
  readonly extensions: readonly ExtensionFactory[];
}
