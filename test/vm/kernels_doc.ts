import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BY_FUNCTION } from './plan.ts';
import type { ResultsByKernel, ScenarioResult } from './results.ts';
import { isScenario, reasonOf, renderAlone, renderRegressions, renderRungs, renderStanding, table } from './rungs_table.ts';

const DOC_PATH = join(import.meta.dirname, '..', '..', 'docs', 'kernels.md');

const HEAD = `# What each kernel reports

Written by \`npm run test:vm\`, which boots each of these kernels and runs the scenarios of test/kernel/ on it. Each kernel also ran
all scenarios with \`mode: advanced\`: there, the flows equalled the rows, by the addresses that each scenario uses.

A cell has the reason under which that kernel's drops were counted. Drops and bytes were exact in every case. If kernels disagree on
the direction too, it follows the reason.

- "none": nothing is counted, because nothing failed, or because the kernel does not show it; the footnote explains this.
- "–": this kernel or family does not have the scenario.
- "by function": this kernel with \`drop_reasons: function\`, as if it gave no reasons.
`;

const RUNGS = `## The rung of each hook

These are the defaults, used in the table above. A run fails if a hook is on another rung, or if its programs never ran.
`;

const LOWER = `## On lower rungs

The scenarios that need a hook, run again in the same boot with all hooks on a lower rung. \`stack\` is the tracepoint with
\`netfilter_detail: stack\`. \`state\` uses only the state change of sockets, without a program at the return of calls; accepts are then not
counted. Everything was exact here too, except the names, and the failures that \`state\` cannot see (docs/adr/0021).
`;

const ALONE = `## One hook on a lower rung

The scenarios of this hook, with the other hooks on their default rungs. With \`none\` the hook is off.
`;

const MISTAKES = `## Known mistakes

Mistakes of similar programs, and the scenarios that would detect them here.
`;

/** docs/kernels.md from a run in which everything passed. It depends only on reasons, rungs and directions. */
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

/** A column for each kernel with its default rungs, and one for each kernel without reasons. */
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

/** Whether the file equals the output of this run. Requires a run with all kernels. */
export function kernelsAreUpToDate(results: ResultsByKernel): boolean {
  try {
    return readFileSync(DOC_PATH, 'utf8') === renderKernels(results);
  } catch {
    return false;
  }
}
