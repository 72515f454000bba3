import { type Figure, passes } from './measure.ts';

/** A figure and the measure that it comes from. */
export interface Line extends Figure {
  readonly measure: string;
  /** How often the measure was taken until it met its bars or was given up. */
  readonly tries: number;
}

const HEADINGS = ['measure', 'figure', 'value', 'bar', 'verdict', 'note'];

/** All figures as a text table. */
export function table(lines: readonly Line[]): string {
  const rows = [HEADINGS, ...lines.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const right = new Set([2, 3]);
  const write = (row: readonly string[]) =>
    row.map((cell, column) =>
      right.has(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
    );
  return rows.map((row) => `${write(row).join('  ').trimEnd()}\n`).join('');
}

function cells({ measure, name, value, unit, bar, note = '', tries }: Line): string[] {
  const verdict = bar === undefined ? '' : passes({ name, value, unit, bar }) ? 'pass' : 'FAIL';
  const notes = [note, tries > 1 ? `${tries} tries` : ''].filter((part) => part !== '');
  return [measure, name, `${round(value)} ${unit}`, bar === undefined ? '' : `<= ${bar} ${unit}`, verdict, notes.join('; ')];
}

/** Three significant digits; integers are unchanged. */
function round(value: number): string {
  if (Number.isInteger(value)) return `${value}`;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/^-(0\.0+)$/, '$1');
}
