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

/** The log, with what can be done to it as a whole. */
export interface Log {
  readonly logger: Logger;
  /** Lines that could not be written, by output path. */
  readonly outputs: readonly Pick<LogOutput, 'path' | 'lost'>[];
  /** Goes on in the files that are at the output paths now, for whoever has renamed those that were. */
  reopen(): void;
}

/**
 * The log, as `service::telemetry::logs` asks for it: lines for people on a terminal, JSON elsewhere.
 *
 * @throws ComponentError where a file can't be written to.
 */
export function openLog({ level, encoding, output_paths: paths }: LogsConfig): Log {
  const opened = paths.map((path) => open(path, encoding));
  const streams = opened.map(({ log }) => ({ level, stream: log }));
  const logger = pino(
    {
      level,
      // The resource says which host and process this is; the name of a level reads better than pino's number.
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
          logger.error(`can't open the log ${log.path} anew, the open file goes on: ${reasonOf(error)}`);
        }
      }
    },
  };
}

/** A component's own log: its lines say who speaks, with the Collector's field names. */
export function componentLogger(logger: Logger, kind: string, id: string): Logger {
  return logger.child({ 'otelcol.component.kind': kind, 'otelcol.component.id': id });
}

/** Has what the OpenTelemetry SDK has to warn of (a partial success, for one) written to `logger`. */
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
