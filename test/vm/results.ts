/** The result of one scenario on one kernel, printed by test/kernel/main.ts as a line of JSON. */
export interface ScenarioResult {
  /** The label of the run that it belongs to: see plan.ts. */
  readonly run: string;
  readonly scenario: string;
  readonly family: string;
  readonly ok: boolean;
  readonly reason: string;
  readonly direction: string;
  readonly drops: number;
  readonly bytes: number | undefined;
  /** What was wrong, or why it was skipped. */
  readonly message: string;
  /** Why it was skipped; undefined if it ran. */
  readonly skipped: string | undefined;
  /** Why this kernel differs from the newest, if it does: a footnote in docs/kernels.md. */
  readonly note: string | undefined;
  /** The known mistakes of peers that this scenario would show. */
  readonly regressions: readonly string[];
}

/** The results of a run, by kernel, in the order of the columns. */
export type ResultsByKernel = ReadonlyMap<string, readonly ScenarioResult[]>;

/** The runner's last line. Without it the runner has died, whatever it printed before. */
export interface RunSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A line of the runner's output: a result, the summary, or undefined for other lines. */
export function parseLine(line: string): ScenarioResult | RunSummary | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  if (typeof fields.scenario === 'string') return toResult(fields.scenario, fields);
  const { passed, failed, skipped } = fields;
  if (typeof passed !== 'number' || typeof failed !== 'number') return undefined;
  return { passed, failed, skipped: typeof skipped === 'number' ? skipped : 0 };
}

export function isSummary(line: ScenarioResult | RunSummary): line is RunSummary {
  return 'passed' in line;
}

function toResult(scenario: string, fields: Record<string, unknown>): ScenarioResult {
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const number = (name: string) => (typeof fields[name] === 'number' ? fields[name] : undefined);
  const { skipped } = fields;
  return {
    run: text('run') || 'default',
    scenario,
    family: text('family'),
    ok: fields.ok === true,
    reason: text('reason'),
    direction: text('direction'),
    drops: number('drops') ?? 0,
    bytes: number('bytes'),
    message: text('message'),
    skipped: typeof skipped === 'string' ? skipped : skipped === true ? text('message') || 'no reason given' : undefined,
    note: why(fields.expected) || undefined,
    regressions: Array.isArray(fields.regressions) ? fields.regressions.map(String) : [],
  };
}

function why(expected: unknown): string {
  const text = typeof expected === 'object' && expected !== null && 'why' in expected ? expected.why : '';
  return typeof text === 'string' ? text : '';
}
