import { Command, CommanderError } from 'commander';
import { ComponentError, ConfigError } from '../component/errors.ts';
import { VERSION } from '../component/version.ts';
import { factories } from '../components.ts';
import type { LoadOptions } from '../config/load.ts';
import type { Io } from './io.ts';
import { Signals } from './signals.ts';

/**
 * 0: success, or ended by a signal. 1: invalid configuration, failed start, or doctor found a problem. 2: wrong usage. 130, 143: ended by
 * a second SIGINT or SIGTERM, without a last read.
 */
export type ExitCode = number;

interface ConfigFlags {
  readonly config: string[];
  readonly set: string[];
}

const collect = (value: string, earlier: string[]) => [...earlier, value];

function withConfig(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file; may be repeated, later files are merged over earlier ones', collect, [])
    .option('--set <key=value>', 'sets one value, such as exporters.debug.verbosity=detailed; may be repeated', collect, []);
}

function loadOptions({ config, set }: ConfigFlags): LoadOptions {
  return { files: config.length === 0 ? ['otel-collector.yaml'] : config, sets: set, env: process.env, factories };
}

/** Runs one command. Commands are loaded on demand. `signals` holds signals that have already arrived, for the agent. */
export async function cli(argv: readonly string[], io: Io, signals?: Signals): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Command('dropreason')
    .description('Counts the packets that the Linux kernel drops, by reason and direction.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr });

  withConfig(program.command('run').description('run the agent')).action(async (flags: ConfigFlags) => {
    const { run } = await import('./run.ts');
    code = await run(loadOptions(flags), io, signals ?? new Signals());
  });
  withConfig(program.command('validate').description('check a configuration and report all mistakes')).action(
    async (flags: ConfigFlags) => {
      const { validate } = await import('./validate.ts');
      await validate(loadOptions(flags), io);
    },
  );
  withConfig(program.command('print-config').description('print the effective configuration, with secrets redacted')).action(
    async (flags: ConfigFlags) => {
      const { printConfig } = await import('./print_config.ts');
      await printConfig(loadOptions(flags), io);
    },
  );
  program
    .command('components')
    .description('list the available components')
    .action(async () => {
      const { components } = await import('./components.ts');
      await components({ factories }, io);
    });
  program
    .command('schema')
    .description('print the JSON schema of the configuration, for editors')
    .action(async () => {
      const { schema } = await import('./schema.ts');
      await schema({ factories }, io);
    });
  withConfig(program.command('doctor').description('check what this kernel and this user support'))
    .option('--json', 'print JSON')
    .action(async ({ json = false, ...flags }: ConfigFlags & { json?: boolean }) => {
      const { doctor } = await import('./doctor.ts');
      code = (await doctor({ ...loadOptions(flags), json }, io)) ? 0 : 1;
    });
  withConfig(program.command('unpin').description('remove what receivers with a pin_path left in the kernel')).action(
    async (flags: ConfigFlags) => {
      const { unpin } = await import('./unpin.ts');
      await unpin(loadOptions(flags), io);
    },
  );
  withConfig(
    program.command('explain').description("explain a reason, with this node's counts; without an argument, list all reasons"),
  )
    .argument('[reason]', 'as published or as in the kernel, in any case')
    .action(async (reason: string | undefined, flags: ConfigFlags) => {
      const { explain } = await import('./explain.ts');
      const configured = flags.config.length > 0 || flags.set.length > 0;
      code = (await explain({ ...loadOptions(flags), reason, configured }, io)) ? 0 : 2;
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr(`dropreason: ${describe(error)}\n`);
    return 1;
  }
}

/** The text of an error. Unexpected errors include the stack. */
function describe(error: unknown): string {
  if (error instanceof ConfigError) return `the configuration has mistakes:\n${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const isExplained = error instanceof ComponentError || error.cause instanceof ComponentError;
  return isExplained ? error.message : (error.stack ?? error.message);
}
