import { visible } from '../../component/visible.ts';

/** A table for a console: two spaces between columns, numbers to the right, a line of headings. Empty without rows. */
export function renderTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const shown = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? visible(cell) : cell)));
  const titles = headings.map(visible);
  const numeric = titles.map((_, column) => shown.every((row) => typeof row[column] === 'number' || row[column] === ''));
  const widths = titles.map((heading, column) =>
    shown.reduce((width, row) => Math.max(width, String(row[column]).length), heading.length),
  );
  const line = (cells: readonly (string | number)[]) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return numeric[column] ? String(cell).padStart(width) : String(cell).padEnd(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  };
  return `${[titles, ...shown].map(line).join('\n')}\n`;
}
