import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScenarioResult } from './results.ts';

export const DOC_PATH = join(import.meta.dirname, '..', '..', 'docs', 'kernels.md');

const HEAD = `# What each kernel tells

Written by \`npm run test:vm\`, which boots each of these kernels and runs the scenarios of test/kernel/ in it. A cell is the
reason under which that kernel's drops were counted; in every one of them the drops and the bytes were exact. Where kernels
disagree on the direction too, it stands behind the reason. "none" is a scenario of which nothing is counted: because nothing
failed, or because the kernel lets nobody see it, as the footnote says. "–" is one that this kernel or family hasn't got.
`;

/** The results of a run, by kernel, in the order of the columns. */
export type ResultsByKernel = ReadonlyMap<string, readonly ScenarioResult[]>;

/** docs/kernels.md from a run in which everything passed: nothing in it depends on anything but reasons and directions. */
export function renderKernels(results: ResultsByKernel): string {
  const kernels = [...results.keys()];
  const rows = new Map<string, Map<string, ScenarioResult>>();
  for (const [kernel, list] of results) {
    for (const result of list) {
      const key = `${result.scenario} | ${result.family || '–'}`;
      rows.set(key, (rows.get(key) ?? new Map<string, ScenarioResult>()).set(kernel, result));
    }
  }
  const notes: string[] = [];
  const lines = [...rows].map(([key, byKernel]) => `| ${key} | ${renderRow(kernels, byKernel, notes)} |`);
  const table = [
    `| scenario | family | direction | ${kernels.join(' | ')} |`,
    `|---|---|---|${kernels.map(() => '---|').join('')}`,
    ...lines.sort(),
  ];
  const footnotes = notes.map((note, index) => `${index + 1}. ${note}`);
  return [HEAD, ...table, ...(footnotes.length > 0 ? ['', ...footnotes] : []), ''].join('\n');
}

function renderRow(kernels: readonly string[], byKernel: ReadonlyMap<string, ScenarioResult>, notes: string[]): string {
  const ran = [...byKernel.values()].filter((result) => result.skipped === undefined);
  const directions = [...new Set(ran.map((result) => result.direction))];
  const cells = kernels.map((kernel) => {
    const result = byKernel.get(kernel);
    if (result === undefined) return '–';
    const direction = result.skipped === undefined && directions.length > 1 ? ` ${result.direction}` : '';
    return renderReason(result) + direction + (result.note === undefined ? '' : ` <sup>${footnote(result.note, notes)}</sup>`);
  });
  return [directions.length === 1 ? directions[0] || '–' : '–', ...cells].join(' | ');
}

function renderReason({ skipped, drops, reason }: ScenarioResult): string {
  if (skipped !== undefined) return '–';
  return drops === 0 ? 'none' : `\`${reason}\``;
}

function footnote(note: string, notes: string[]): number {
  const at = notes.indexOf(note);
  return at >= 0 ? at + 1 : notes.push(note);
}

/** Writes the file. */
export function writeKernels(results: ResultsByKernel): void {
  writeFileSync(DOC_PATH, renderKernels(results));
}

/** Whether the file is what this run would write; of kernels that are missing from the run nothing can be said. */
export function kernelsAreUpToDate(results: ResultsByKernel): boolean {
  try {
    return readFileSync(DOC_PATH, 'utf8') === renderKernels(results);
  } catch {
    return false;
  }
}
