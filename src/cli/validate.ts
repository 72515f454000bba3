import { formatProblem } from '../component/errors.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason validate`: warnings on stderr and one line on stdout, or a ConfigError with every mistake. */
export async function validate(options: LoadOptions, { stdout, stderr }: Io): Promise<void> {
  const { warnings, service } = loadConfig(options);
  for (const warning of warnings) stderr(`warning: ${formatProblem(warning)}\n`);
  stdout(`${options.files.join(', ')}: valid, pipelines: ${[...service.pipelines.keys()].join(', ')}\n`);
}
