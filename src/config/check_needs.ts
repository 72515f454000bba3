import type { Need, Supply } from '../component/joints.ts';
import type { Config, ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';

type Components = Pick<Config, 'receivers' | 'processors' | 'exporters'>;

/** Checks that each stage of a pipeline gets what it needs. Skips pipelines with a component that has mistakes. */
export function checkNeeds(draft: Draft, components: Components, pipelines: ServiceConfig['pipelines']): void {
  for (const [pipeline, { receivers, processors, exporters }] of pipelines) {
    const stages = { receivers, processors, exporters };
    const isKnown = ([kind, ids]: [string, readonly string[]]) => ids.every((id) => components[kind as keyof Components].has(id));
    if (!Object.entries(stages).every(isKnown)) continue;
    const path = ['service', 'pipelines', pipeline];
    const carried = new Carried();
    for (const id of receivers) {
      const { factory, config } = known(components.receivers, id);
      carried.add(factory.supplies?.(config));
    }
    for (const [index, id] of processors.entries()) {
      const { factory, config } = known(components.processors, id);
      const at = [...path, 'processors', index];
      checkStage(draft, { path: at, id, needs: factory.needs?.(config), supplies: carried.supplies });
      for (const [by, names] of carried.missed(factory.reads?.(config))) {
        draft.problem(at, `${id} looks at ${names.join(', ')}, which ${by} deletes before it: put ${by} after it`);
      }
      carried.add(factory.supplies?.(config));
      carried.change(id, factory.deletes?.(config), factory.sets?.(config));
    }
    for (const [index, id] of exporters.entries()) {
      const { factory, config } = known(components.exporters, id);
      const at = [...path, 'exporters', index];
      checkStage(draft, { path: at, id, needs: factory.needs?.(config), supplies: carried.supplies });
      for (const [name, by] of carried.set) {
        if (factory.publishes?.(config, name) ?? true) continue;
        draft.warn(at, `${id} doesn't publish ${name}, which ${by} sets: its metric_names have other labels`);
      }
    }
  }
}

/** What a pipeline carries at one of its stages. */
class Carried {
  readonly supplies = new Set<Supply>();
  /** Attributes by the processor that sets them. */
  readonly set = new Map<string, string>();
  readonly #deleted = new Map<string, string>();

  add(given: readonly Supply[] = []): void {
    for (const each of given) {
      this.supplies.add(each);
      for (const name of [each, `source.${each}`, `destination.${each}`]) this.#deleted.delete(name);
    }
  }

  change(by: string, deletes: readonly string[] = [], sets: readonly string[] = []): void {
    for (const name of sets) this.set.set(name, by);
    for (const name of deletes) {
      this.#deleted.set(name, by);
      this.set.delete(name);
    }
  }

  /** Those that have been deleted, by the processor that did. */
  missed(names: readonly string[] = []): Map<string, string[]> {
    const missed = new Map<string, string[]>();
    for (const name of names) {
      const by = this.#deleted.get(name);
      if (by !== undefined) missed.set(by, [...(missed.get(by) ?? []), name]);
    }
    return missed;
  }
}

interface Stage {
  readonly path: readonly (string | number)[];
  readonly id: string;
  readonly needs: readonly Need[] | undefined;
  readonly supplies: ReadonlySet<Supply>;
}

function checkStage(draft: Draft, { path, id, needs = [], supplies }: Stage): void {
  const missing = needs.filter(({ supply }) => !supplies.has(supply));
  const mistakes = missing.filter(({ otherwise }) => otherwise === 'mistake');
  for (const { message } of mistakes) draft.problem(path, `${id} ${message}`);
  // Warnings matter only if the stage works at all.
  if (mistakes.length > 0) return;
  for (const { message } of missing) draft.warn(path, `${id} ${message}`);
}

function known<T>(components: ReadonlyMap<string, T>, id: string): T {
  return components.get(id) as T;
}
