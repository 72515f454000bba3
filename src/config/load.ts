import { ConfigError, type ConfigProblem } from '../component/errors.ts';
import type { Factories } from '../component/factory.ts';
import { checkAuthenticators } from './check_authenticators.ts';
import { checkClaims } from './check_claims.ts';
import { checkNeeds } from './check_needs.ts';
import { checkResources } from './check_resources.ts';
import type { Config } from './config.ts';
import { Draft } from './draft.ts';
import { type Environment, Expander } from './expand.ts';
import { readComponents, readRoot } from './read_components.ts';
import { readService } from './read_service.ts';
import { readSources } from './read_sources.ts';

export interface LoadOptions {
  /** Paths of YAML files; later ones are merged over earlier ones. */
  readonly files: readonly string[];
  /** Values of `--set`, such as `exporters.debug.verbosity=detailed`, merged over the files in order. */
  readonly sets?: readonly string[];
  /** The variables for `${env:NAME}`; usually process.env. */
  readonly env: Environment;
  readonly factories: Factories;
}

/** Reads, merges, expands and validates. Throws a {@link ConfigError} with all mistakes, in the order of the files. */
export function loadConfig({ files, sets = [], env, factories }: LoadOptions): Config {
  const problems: ConfigProblem[] = [];
  const written = readSources(files, sets, problems);
  if (written === undefined || problems.some(({ path }) => path === '')) {
    // Don't guess the meaning of the rest of a broken file.
    if (problems.length > 0) throw new ConfigError(inOrder(problems, files));
    throw new ConfigError([{ path: '', message: 'no configuration given: name a file with --config', source: undefined }]);
  }
  const expander = new Expander(env, problems);
  const draft = new Draft(expander.expand(written), expander.failed, problems);
  readRoot(draft);
  const receivers = readComponents(draft, factories, 'receivers');
  const processors = readComponents(draft, factories, 'processors');
  const exporters = readComponents(draft, factories, 'exporters');
  const extensions = readComponents(draft, factories, 'extensions');
  const service = readService(draft);
  if (service !== undefined) {
    const components = { receivers, processors, exporters, extensions };
    checkNeeds(draft, components, service.pipelines);
    checkResources(draft, components, service.pipelines);
    checkAuthenticators(draft, components, service);
    checkClaims(draft, components, service);
  }
  if (service === undefined || problems.length > 0) throw new ConfigError(inOrder(problems, files));
  const warnings = inOrder(draft.warnings, files);
  return { receivers, processors, exporters, extensions, service, warnings, given: draft.shown as Record<string, unknown> };
}

/** Sorts by file, line and column. Mistakes in flags come last. */
function inOrder(problems: readonly ConfigProblem[], files: readonly string[]): ConfigProblem[] {
  const places = new Map(
    problems.map((problem) => {
      const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(problem.source ?? '') ?? [];
      const index = files.findIndex((given) => given === file || given === `file:${file}`);
      return [problem, [index === -1 ? files.length : index, Number(line ?? 0), Number(column ?? 0)]] as const;
    }),
  );
  const place = (problem: ConfigProblem, part: number) => places.get(problem)?.[part] ?? 0;
  return problems.toSorted((one, other) => {
    const part = [0, 1, 2].find((each) => place(one, each) !== place(other, each)) ?? 0;
    return place(one, part) - place(other, part);
  });
}
