import type { ConfigProblem } from '../component/errors.ts';
import type { Factories } from '../component/factory.ts';
import type { Kind } from './kinds.ts';
import type { PipelineConfig, TelemetryConfig } from './service_schema.ts';

/** A component that the file defines. It runs only if a pipeline or `service::extensions` uses it. */
export interface ConfiguredComponent<K extends Kind> {
  /** The factory's name, also if the file uses an alias. */
  readonly type: string;
  readonly factory: Factories[K][number];
  /** The output of the factory's schema, for `factory.create`. Only the factory knows its type. */
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
  /** Valid, but probably not intended. */
  readonly warnings: readonly ConfigProblem[];
  /** The merged and expanded files, before defaults. Secrets from expansions are removed; the schema marks the others. */
  readonly given: Readonly<Record<string, unknown>>;
}
