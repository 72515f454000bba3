import type { Hook } from '../kernel/rungs.ts';
import { HOOKS } from '../kernel/rungs.ts';
import { LOWER_RUNGS } from './plan.ts';
import type { ResultsByKernel, ScenarioResult } from './results.ts';

const COLUMNS: readonly string[] = ['default', ...LOWER_RUNGS];
const STANDING = /^rung of (.*)$/;

/** Whether a result is that of a scenario, not of a hook or of the run's setup. */
export function isScenario({ scenario }: ScenarioResult): boolean {
  return scenario.includes('/');
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...rows.map((row) => `| ${row.join(' | ')} |`)];
}

/** A table cell with the reason under which it was counted. */
export function reasonOf(result: ScenarioResult | undefined): string {
  if (result === undefined || result.skipped !== undefined) return '–';
  return result.drops === 0 ? 'none' : `\`${result.reason}\``;
}

/** The default rung of each hook, by kernel. */
export function renderStanding(results: ResultsByKernel): string[] {
  const rows = HOOKS.map((hook) => [
    `\`${hook}\``,
    ...[...results.values()].map((list) => {
      const found = list.find(({ run, scenario }) => run === 'default' && STANDING.exec(scenario)?.[1] === hook);
      return found?.reason || '–';
    }),
  ]);
  return table(['hook', ...results.keys()], rows);
}

/** The reason of each scenario that needs a hook, on each rung. Families and kernels with the same reasons share a line. */
export function renderRungs(results: ResultsByKernel): string[] {
  const lines = new Map<string, { scenario: string; cells: string; families: Set<string>; kernels: Set<string> }>();
  for (const [kernel, list] of results) {
    const moved = new Set(list.filter(({ run }) => run !== 'default' && COLUMNS.includes(run)).map(keyOf));
    for (const key of moved) {
      const ofScenario = list.filter((result) => keyOf(result) === key && isScenario(result));
      const first = ofScenario[0];
      if (first === undefined) continue;
      const cells = COLUMNS.map((column) => reasonOf(ofScenario.find(({ run }) => run === column))).join(' | ');
      const line = `${first.scenario} ${cells}`;
      const same = lines.get(line) ?? { scenario: first.scenario, cells, families: new Set(), kernels: new Set() };
      same.families.add(first.family);
      same.kernels.add(kernel);
      lines.set(line, same);
    }
  }
  const rows = [...lines.values()].map(({ scenario, cells, families, kernels }) => [
    scenario,
    [...families].sort().join(', '),
    [...kernels].join(', '),
    cells,
  ]);
  const head = ['scenario', 'family', 'kernel', ...COLUMNS];
  return [...table(head, []), ...rows.map((row) => `| ${row.join(' | ')} |`).sort()];
}

function keyOf({ scenario, family }: ScenarioResult): string {
  return `${scenario} ${family}`;
}

/** The runs in which only one hook was moved down: how many scenarios were exact, and the reasons under which they were counted. */
export function renderAlone(results: ResultsByKernel): string[] {
  const rows: string[][] = [];
  for (const [kernel, list] of results) {
    const runs = new Set(list.map(({ run }) => run).filter((run) => HOOKS.some((hook: Hook) => run.startsWith(`${hook}=`))));
    for (const run of runs) {
      const ran = list.filter((result) => result.run === run && isScenario(result) && result.skipped === undefined);
      const reasons = [...new Set(ran.map(reasonOf))].sort().join(', ');
      rows.push([kernel, `\`${run}\``, `${ran.length}`, reasons]);
    }
  }
  return table(['kernel', 'hook=rung', 'scenarios', 'counted as'], rows);
}

/** The known mistakes, each with the scenarios that detect it. */
export function renderRegressions(results: ResultsByKernel): string[] {
  const guards = new Map<string, Set<string>>();
  for (const result of [...results.values()].flat()) {
    for (const mistake of result.regressions) {
      guards.set(mistake, (guards.get(mistake) ?? new Set<string>()).add(result.scenario));
    }
  }
  return [...guards].sort().map(([mistake, scenarios]) => `- ${mistake}: ${[...scenarios].sort().join(', ')}`);
}
