import { visible, visibleLines } from '../../component/visible.ts';

const COLORS: Readonly<Record<string, string>> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
  debug: '\u001b[2m',
};
const RESET = '\u001b[0m';

/** Fields at the beginning of the line, which are not repeated after the message. */
const KNOWN = new Set(['level', 'ts', 'msg', 'err', 'otelcol.component.id', 'otelcol.component.kind']);

/**
 * Formats one line of pino's JSON for people. Returns text that isn't a JSON object unchanged. Further lines of a message are indented, so
 * that none of them looks like a log line.
 *
 *     2026-01-31T12:00:00.000Z  warn   dropreason: nat is not attached  why="no fexit here"
 */
export function formatLine(line: string, colors = false): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return visibleLines(line);
  }
  if (typeof parsed !== 'object' || parsed === null) return visibleLines(line);
  const fields = parsed as Record<string, unknown>;
  const level = String(fields.level);
  const shown = colors ? `${COLORS[level] ?? ''}${level.padEnd(5)}${RESET}` : level.padEnd(5);
  const id = fields['otelcol.component.id'];
  const rest = Object.entries(fields)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => visible(`  ${name}=${JSON.stringify(value)}`));
  const [first, ...more] = String(fields.msg ?? '').split('\n');
  const text = `${id === undefined ? '' : `${id}: `}${first}`;
  return `${fields.ts}  ${shown}  ${visible(text)}${rest.join('')}\n${indented(more)}${errorLines(fields.err)}`;
}

/** An error's stack, indented. */
function errorLines(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  return indented(String(stack ?? message).split('\n'));
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `    ${visible(line)}\n`).join('');
}
