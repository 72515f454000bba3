import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { type Logger, multistream, pino } from 'pino';
import { ComponentError } from '../../component/errors.ts';
import { FileOutput } from '../../component/file_output.ts';
import { standardOutput } from '../../component/standard_output.ts';
import { visibleLines } from '../../component/visible.ts';
import type { TelemetryConfig } from '../../config/service_schema.ts';
import { formatLine } from './console_format.ts';
import { LogOutput } from './log_output.ts';

type LogsConfig = TelemetryConfig['logs'];

/** The log, and operations on it as a whole. */
export interface Log {
  readonly logger: Logger;
  /** Lines that could not be written, by output path. */
  readonly outputs: readonly Pick<LogOutput, 'path' | 'lost'>[];
  /** Reopens the log files by path, after a rename. */
  reopen(): void;
}

/**
 * Opens the log that `service::telemetry::logs` configures: lines for people on a terminal, JSON elsewhere.
 *
 * @throws ComponentError if a file can't be written.
 */
export function openLog({ level, encoding, output_paths: paths }: LogsConfig): Log {
  const opened = paths.map((path) => open(path, encoding));
  const streams = opened.map(({ log }) => ({ level, stream: log }));
  const logger = pino(
    {
      level,
      // The resource has host and process. The name of a level is more readable than pino's number.
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    streams.length === 1 && streams[0] !== undefined ? streams[0].stream : multistream(streams),
  );
  return {
    logger,
    outputs: opened.map(({ log }) => log),
    reopen: () => {
      for (const { file, log } of opened) {
        try {
          file?.reopen();
        } catch (error) {
          logger.error(`can't reopen the log ${log.path}, keeping the open file: ${reasonOf(error)}`);
        }
      }
    },
  };
}

/** The log of one component. Adds its id and kind in the Collector's fields. */
export function componentLogger(logger: Logger, kind: string, id: string): Logger {
  return logger.child({ 'otelcol.component.kind': kind, 'otelcol.component.id': id });
}

/** Sends diagnostics of the OpenTelemetry SDK, such as a partial success, to `logger`. */
export function bridgeDiagnostics(logger: Logger): void {
  const say =
    (level: 'error' | 'warn' | 'info' | 'debug') =>
    (message: string, ...rest: unknown[]) => {
      logger[level](rest.length === 0 ? {} : { detail: rest.map(String).join(' ') }, `OpenTelemetry SDK: ${message}`);
    };
  const bridge: DiagLogger = {
    error: say('error'),
    warn: say('warn'),
    info: say('info'),
    debug: say('debug'),
    verbose: say('debug'),
  };
  diag.setLogger(bridge, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function open(path: string, encoding: LogsConfig['encoding']): { readonly log: LogOutput; readonly file?: FileOutput } {
  const name = path === 'stderr' || path === 'stdout' ? path : undefined;
  const terminal = name !== undefined && process[name].isTTY === true ? process[name] : undefined;
  const chosen = encoding ?? (terminal === undefined ? 'json' : 'console');
  const format = chosen === 'json' ? visibleLines : (line: string) => formatLine(line, terminal?.hasColors());
  if (name !== undefined) return { log: new LogOutput({ path, output: standardOutput(name), format }) };
  const file = openFile(path);
  return { log: new LogOutput({ path, output: file, format }), file };
}

function openFile(path: string): FileOutput {
  try {
    return new FileOutput(path);
  } catch (error) {
    throw new ComponentError(`service::telemetry::logs::output_paths: can't write to ${path}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
