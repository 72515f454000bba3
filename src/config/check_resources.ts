import { isDeepStrictEqual } from 'node:util';
import type { Config, ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';
import { resourceChanges } from './resource_changes.ts';

type Components = Pick<Config, 'processors' | 'exporters'>;

/** Checks that an exporter that publishes a resource has one alone: it has one set of counters (docs/adr/0027). */
export function checkResources(draft: Draft, components: Components, pipelines: ServiceConfig['pipelines']): void {
  const first = new Map<string, { readonly pipeline: string; readonly changes: unknown }>();
  for (const [pipeline, { processors, exporters }] of pipelines) {
    const changes = resourceChanges(components.processors, processors).map(({ type, config }) => [type, config]);
    for (const [index, id] of exporters.entries()) {
      if (components.exporters.get(id)?.factory.publishesResource !== true) continue;
      const other = first.get(id);
      if (other === undefined) first.set(id, { pipeline, changes });
      else if (!isDeepStrictEqual(other.changes, changes)) {
        const message = `${id} is in ${other.pipeline} too, whose processors make another resource: give each pipeline an exporter of its own`;
        draft.problem(['service', 'pipelines', pipeline, 'exporters', index], message);
      }
    }
  }
}
