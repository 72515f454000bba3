import { visible } from './visible.ts';

/** One mistake in the configuration, described in terms of the YAML file. */
export interface ConfigProblem {
  /** Its path, joined by `::`, such as `receivers::dropreason::collection_interval`. */
  readonly path: string;
  /** The mistake and how to correct it. */
  readonly message: string;
  /** `file:line:column`, `--set` or an environment variable's name; undefined if the source is unknown. */
  readonly source: string | undefined;
}

/** The configuration has mistakes. Contains all that were found. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `path: message (source)`, on one line. */
export function formatProblem({ path, message, source }: ConfigProblem): string {
  const located = path === '' ? message : `${path}: ${message}`;
  return visible(source === undefined ? located : `${located} (${source})`);
}

/** A component can't start. The message says why and what to do. The service adds the component's id in front. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}
