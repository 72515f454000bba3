import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BY_FUNCTION } from './plan.ts';
import type { ResultsByKernel, ScenarioResult } from './results.ts';
import { isScenario, reasonOf, renderAlone, renderRegressions, renderRungs, renderStanding, table } from './rungs_table.ts';

const DOC_PATH = join(import.meta.dirname, '..', '..', 'docs', 'kernels.md');

const HEAD = `# What each kernel tells

Written by \`npm run test:vm\`, which boots each of these kernels and runs the scenarios of test/kernel/ in it. A cell is the
reason under which that kernel's drops were counted; in every one of them the drops and the bytes were exact. Where kernels
disagree on the direction too, it stands behind the reason. "none" is a scenario of which nothing is counted: because nothing
failed, or because the kernel lets nobody see it, as the footnote says. "–" is one that this kernel or family hasn't got. "By
function" is that kernel with \`drop_reasons: function\`, as if it gave no reasons. Each kernel ran all of it with \`mode: advanced\`
too, where the flows were the rows, by the addresses that each scenario speaks between.
`;

const RUNGS = `## The rung that each hook stands on

By default, and so in the table above. A run fails where a hook stands on another, or where its programs never ran.
`;

const LOWER = `## On lower rungs

The scenarios that need a hook, run again in the same boot with all hooks moved down together: \`stack\` is the tracepoint with
\`netfilter_detail: stack\`. \`state\` is the state change of sockets alone, without any program at the return of calls; accepts are not
counted then. Everything was exact here too, except for the names, and for the failures that \`state\` cannot see (docs/adr/0021).
`;

const ALONE = `## Each hook moved down alone

Its own scenarios, with the other hooks on their default rungs; \`none\` has it turned off.
`;

const MISTAKES = `## Known mistakes

What peers got wrong, and the scenarios that would show it here.
`;

/** docs/kernels.md from a run in which everything passed: nothing in it depends on anything but reasons, rungs and directions. */
export function renderKernels(results: ResultsByKernel): string {
  return [
    HEAD,
    ...renderReasons(results),
    '',
    RUNGS,
    ...renderStanding(results),
    '',
    LOWER,
    ...renderRungs(results),
    '',
    ALONE,
    ...renderAlone(results),
    '',
    MISTAKES,
    ...renderRegressions(results),
    '',
  ].join('\n');
}

/** A column for each kernel's own rungs, and one for each kernel that did without reasons. */
function columnsOf(results: ResultsByKernel): Map<string, ScenarioResult[]> {
  const columns = new Map<string, ScenarioResult[]>();
  for (const [kernel, list] of results) {
    const scenarios = list.filter(isScenario);
    columns.set(
      kernel,
      scenarios.filter(({ run }) => run === 'default'),
    );
    const byFunction = scenarios.filter(({ run }) => run === BY_FUNCTION);
    if (byFunction.length > 0) columns.set(`${kernel} by function`, byFunction);
  }
  return columns;
}

function renderReasons(results: ResultsByKernel): string[] {
  const columns = columnsOf(results);
  const names = [...columns.keys()];
  const rows = new Map<string, Map<string, ScenarioResult>>();
  for (const [name, list] of columns) {
    for (const result of list) {
      const key = `${result.scenario} | ${result.family || '–'}`;
      rows.set(key, (rows.get(key) ?? new Map<string, ScenarioResult>()).set(name, result));
    }
  }
  const notes: string[] = [];
  const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, cells]) => [key, renderRow(names, cells, notes)]);
  const footnotes = notes.map((note, index) => `${index + 1}. ${note}`);
  return [...table(['scenario', 'family', 'direction', ...names], lines), ...(footnotes.length > 0 ? ['', ...footnotes] : [])];
}

function renderRow(kernels: readonly string[], byKernel: ReadonlyMap<string, ScenarioResult>, notes: string[]): string {
  const ran = [...byKernel.values()].filter((result) => result.skipped === undefined);
  const directions = [...new Set(ran.map((result) => result.direction))];
  const cells = kernels.map((kernel) => {
    const result = byKernel.get(kernel);
    if (result === undefined) return '–';
    const direction = result.skipped === undefined && directions.length > 1 ? ` ${result.direction}` : '';
    return reasonOf(result) + direction + (result.note === undefined ? '' : ` <sup>${footnote(result.note, notes)}</sup>`);
  });
  return [directions.length === 1 ? directions[0] || '–' : '–', ...cells].join(' | ');
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
