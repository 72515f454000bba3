import { visible } from './visible.ts';

/** One mistake in the configuration, said in the words of the YAML file. */
export interface ConfigProblem {
  /** The way to it, joined by `::`, such as `receivers::dropreason::collection_interval`. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** `file:line:column`, `--set` or an environment variable's name; undefined where no source can be told. */
  readonly source: string | undefined;
}

/** The configuration has mistakes: all that were found, not the first alone. */
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
  const said = path === '' ? message : `${path}: ${message}`;
  return visible(source === undefined ? said : `${said} (${source})`);
}

/** A component can't start; the message says why and what to do. The service puts the component's id before it. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}
