import type { ConfiguredComponent, ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';

/** Has each processor look at those before it in its pipeline; what it has to say is a warning. */
export function adviseOnPipelines(
  draft: Draft,
  processors: ReadonlyMap<string, ConfiguredComponent<'processors'>>,
  pipelines: ServiceConfig['pipelines'],
): void {
  for (const [pipeline, { processors: ids }] of pipelines) {
    const before: ConfiguredComponent<'processors'>[] = [];
    for (const [index, id] of ids.entries()) {
      const processor = processors.get(id);
      if (processor === undefined) continue;
      for (const message of processor.factory.advise?.(processor.config, before) ?? []) {
        draft.warn(['service', 'pipelines', pipeline, 'processors', index], `${id} ${message}`);
      }
      before.push(processor);
    }
  }
}
