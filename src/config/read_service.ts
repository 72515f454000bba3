import { parseComponentId } from './component_id.ts';
import type { ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';
import { SERVICE_HINTS, SERVICE_IGNORED } from './hints.ts';
import { KINDS, type Kind } from './kinds.ts';
import { suggest } from './nearest.ts';
import { serviceSchema } from './service_schema.ts';
import type { Path } from './tree.ts';

const STAGES = ['receivers', 'processors', 'exporters'] as const;
const OTHER_SIGNALS = ['traces', 'logs', 'profiles'];

/** The `service` section, checked against the components in the file; undefined if it has mistakes. */
export function readService(draft: Draft): ServiceConfig | undefined {
  const before = draft.problems.length;
  if (draft.node(['service']) === undefined) {
    draft.problem(['service'], 'is required: it lists the pipelines to run');
    return undefined;
  }
  const parsed = draft.parse(serviceSchema, ['service'], { hints: SERVICE_HINTS, ignored: SERVICE_IGNORED });
  const used = new Set<string>();
  for (const id of draft.entries(['service', 'pipelines']).keys()) {
    checkPipelineId(draft, id);
    for (const stage of STAGES) checkList(draft, ['service', 'pipelines', id, stage], stage, used);
  }
  checkList(draft, ['service', 'extensions'], 'extensions', used);
  warnOfUnused(draft, used);
  if (parsed === undefined || draft.problems.length > before) return undefined;
  const pipelines = Object.entries(parsed.pipelines).map(([id, pipeline]) => {
    const processors = pipeline.processors.filter((each) => !draft.isIgnored('processors', each));
    return [id, { ...pipeline, processors }] as const;
  });
  return { ...parsed, pipelines: new Map(pipelines) };
}

function checkPipelineId(draft: Draft, id: string): void {
  const path = ['service', 'pipelines', id];
  const parsed = parseComponentId(id);
  if (typeof parsed === 'string') draft.problem(path, parsed, 'key');
  else if (OTHER_SIGNALS.includes(parsed.type)) {
    draft.problem(path, `dropreason emits only metrics, not ${parsed.type}: call it metrics or metrics/name`, 'key');
  } else if (parsed.type !== 'metrics') {
    draft.problem(path, `"${id}" must be metrics or metrics/name`, 'key');
  }
}

/** Each id in a list must be defined and must appear only once. */
function checkList(draft: Draft, path: Path, kind: Kind, used: Set<string>): void {
  const list = draft.node(path);
  if (list?.kind !== 'list') return;
  const seen = new Set<string>();
  for (const [index, item] of list.items.entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') continue;
    const id = item.value;
    used.add(`${kind}::${id}`);
    if (draft.isFull) continue;
    if (seen.has(id)) draft.problem([...path, index], `"${id}" is listed twice`);
    else if (!draft.entries([kind]).has(id)) draft.problem([...path, index], notDefined(draft, kind, id));
    seen.add(id);
  }
}

function notDefined(draft: Draft, kind: Kind, id: string): string {
  const defined = [...draft.entries([kind]).keys()];
  const elsewhere = KINDS.find((other) => draft.entries([other]).has(id));
  if (elsewhere !== undefined) return `"${id}" is defined under ${elsewhere}, not under ${kind}`;
  return `"${id}" is not defined under ${kind}${suggest(id, defined, 'defined there')}`;
}

function warnOfUnused(draft: Draft, used: ReadonlySet<string>): void {
  for (const kind of KINDS) {
    const by = kind === 'extensions' ? 'is not in service::extensions' : 'is not used by any pipeline';
    for (const id of draft.entries([kind]).keys()) {
      if (!used.has(`${kind}::${id}`) && !draft.isIgnored(kind, id)) draft.warn([kind, id], `${by}, so it doesn't run`);
    }
  }
}
