import type { Config, ConfiguredComponent } from './config.ts';

type Processors = Config['processors'];

/** Those of a pipeline's processors that change the resource, in their order. */
export function resourceChanges(processors: Processors, ids: readonly string[]): ConfiguredComponent<'processors'>[] {
  return ids.flatMap((id) => {
    const processor = processors.get(id);
    return processor?.factory.resource === undefined ? [] : processor;
  });
}
