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
    const supplies = new Set<Supply>();
    const add = (given: readonly Supply[] = []) => {
      for (const each of given) supplies.add(each);
    };
    for (const id of receivers) {
      const { factory, config } = known(components.receivers, id);
      add(factory.supplies?.(config));
    }
    for (const [index, id] of processors.entries()) {
      const { factory, config } = known(components.processors, id);
      checkStage(draft, { path: [...path, 'processors', index], id, needs: factory.needs?.(config), supplies });
      add(factory.supplies?.(config));
    }
    for (const [index, id] of exporters.entries()) {
      const { factory, config } = known(components.exporters, id);
      checkStage(draft, { path: [...path, 'exporters', index], id, needs: factory.needs?.(config), supplies });
    }
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
