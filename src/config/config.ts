import type { ConfigProblem } from '../component/errors.ts';
import type { Factories } from '../component/factory.ts';
import type { Kind } from './kinds.ts';
import type { PipelineConfig, TelemetryConfig } from './service_schema.ts';

/** A component that the file defines; whether it runs is up to the pipelines and to `service::extensions`. */
export interface ConfiguredComponent<K extends Kind> {
  /** The factory's name for it, whichever alias was written. */
  readonly type: string;
  readonly factory: Factories[K][number];
  /** What the factory's schema made of it: give it to `factory.create`. Its type is known to the factory alone. */
  readonly config: unknown;
}

export interface ServiceConfig {
  readonly extensions: readonly string[];
  readonly telemetry: TelemetryConfig;
  readonly pipelines: ReadonlyMap<string, Readonly<PipelineConfig>>;
}

/** A configuration without mistakes. Components are keyed by their ids as written, `type` or `type/name`. */
export interface Config {
  readonly receivers: ReadonlyMap<string, ConfiguredComponent<'receivers'>>;
  readonly processors: ReadonlyMap<string, ConfiguredComponent<'processors'>>;
  readonly exporters: ReadonlyMap<string, ConfiguredComponent<'exporters'>>;
  readonly extensions: ReadonlyMap<string, ConfiguredComponent<'extensions'>>;
  readonly service: ServiceConfig;
  /** What isn't wrong but hardly meant. */
  readonly warnings: readonly ConfigProblem[];
  /** The files as one: merged and expanded, before defaults. What expansions keep secret is out of it; what else is secret the schema knows. */
  readonly given: Readonly<Record<string, unknown>>;
}
