import { formatProblem } from '../component/errors.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason validate`: prints warnings to stderr and one line to stdout, or throws a ConfigError with all mistakes. */
export async function validate(options: LoadOptions, { stdout, stderr }: Io): Promise<void> {
  const { warnings, service } = loadConfig(options);
  for (const warning of warnings) stderr(`warning: ${formatProblem(warning)}\n`);
  stdout(`${options.files.join(', ')}: valid, pipelines: ${[...service.pipelines.keys()].join(', ')}\n`);
}
