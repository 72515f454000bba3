import type { Factories } from '../component/factory.ts';
import { parseComponentId } from './component_id.ts';
import type { ConfiguredComponent } from './config.ts';
import type { Draft } from './draft.ts';
import { componentHint, ignoredComponent, rootHint } from './hints.ts';
import { findFactory, KINDS, type Kind, singular, typeNames } from './kinds.ts';
import { nearest, suggest } from './nearest.ts';

const ROOT_KEYS = [...KINDS, 'service'];

/** Reports unknown keys at the top of the file. */
export function readRoot(draft: Draft): void {
  for (const key of draft.entries([]).keys()) {
    if (ROOT_KEYS.includes(key) || draft.isFull) continue;
    const hint = rootHint(key);
    draft.problem([key], `is not a known key${hint === undefined ? suggest(key, ROOT_KEYS) : `: ${hint}`}`, 'key');
  }
}

/** The components of one section by id. Those with mistakes are left out and reported. */
export function readComponents<K extends Kind>(
  draft: Draft,
  factories: Factories,
  kind: K,
): ReadonlyMap<string, ConfiguredComponent<K>> {
  const components = new Map<string, ConfiguredComponent<K>>();
  const section = draft.node([kind]);
  const empty = section === undefined || (section.kind === 'scalar' && section.value === null);
  if (!empty && section.kind !== 'map')
    draft.problem([kind], `must be a mapping of ${kind} by id, such as "type" or "type/name"`);
  for (const id of draft.entries([kind]).keys()) {
    if (draft.isFull) break;
    const parsed = parseComponentId(id);
    if (typeof parsed === 'string') {
      draft.problem([kind, id], parsed, 'key');
      continue;
    }
    const factory = findFactory(factories, kind, parsed.type);
    const ignored = factory === undefined ? ignoredComponent(kind, parsed.type) : undefined;
    if (ignored !== undefined) {
      draft.ignore(kind, id, ignored);
      continue;
    }
    if (factory === undefined) {
      draft.problem([kind, id], unknownType(factories, kind, parsed.type), 'key');
      continue;
    }
    const config = draft.parse(factory.schema, [kind, id], factory);
    if (config !== undefined) components.set(id, { type: factory.type, factory, config });
  }
  return components;
}

function unknownType(factories: Factories, kind: Kind, type: string): string {
  const hint = componentHint(kind, type);
  if (hint !== undefined) return `there is no ${singular(kind)} ${type}: ${hint}`;
  const known = typeNames(factories, kind);
  const elsewhere = KINDS.find((other) => other !== kind && findFactory(factories, other, type) !== undefined);
  if (elsewhere !== undefined && nearest(type, known) === undefined) {
    return `${type} is not one of the ${kind} but of the ${elsewhere}: move it there`;
  }
  return `there is no ${singular(kind)} ${type}${suggest(type, known)}`;
}
