import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { type DestinationStream, destination, type Logger, multistream, pino } from 'pino';
import { ComponentError } from '../../component/errors.ts';
import type { TelemetryConfig } from '../../config/service_schema.ts';
import { ConsoleStream } from './console_stream.ts';

type LogsConfig = TelemetryConfig['logs'];

/**
 * The log, as `service::telemetry::logs` asks for it: lines for people on a terminal, JSON elsewhere.
 *
 * @throws ComponentError where a file can't be written to.
 */
export function createLogger({ level, encoding, output_paths: paths }: LogsConfig): Logger {
  const streams = paths.map((path) => ({ level, stream: open(path, encoding) }));
  return pino(
    {
      level,
      // The resource says which host and process this is; the name of a level reads better than pino's number.
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    streams.length === 1 && streams[0] !== undefined ? streams[0].stream : multistream(streams),
  );
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

function open(path: string, encoding: LogsConfig['encoding']): DestinationStream {
  const standard = path === 'stderr' ? process.stderr : path === 'stdout' ? process.stdout : undefined;
  const chosen = encoding ?? (standard?.isTTY === true ? 'console' : 'json');
  const out = standard === undefined ? openFile(path) : { write: (text: string) => void standard.write(text) };
  return chosen === 'json' ? out : new ConsoleStream(out, standard?.isTTY === true && standard.hasColors());
}

function openFile(path: string): DestinationStream {
  try {
    return destination({ dest: path, append: true, sync: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ComponentError(`service::telemetry::logs::output_paths: can't write to ${path}: ${code ?? message}`);
  }
}
