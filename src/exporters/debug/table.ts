/** A table for a console: two spaces between columns, numbers to the right, a line of headings. Empty without rows. */
export function renderTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number' || row[column] === ''));
  const widths = headings.map((heading, column) =>
    rows.reduce((width, row) => Math.max(width, String(row[column]).length), heading.length),
  );
  const line = (cells: readonly (string | number)[]) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return numeric[column] ? String(cell).padStart(width) : String(cell).padEnd(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  };
  return `${[headings, ...rows].map(line).join('\n')}\n`;
}
