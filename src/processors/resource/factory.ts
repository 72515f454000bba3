import { actionHints, applyActions } from '../../component/attribute_action.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type ResourceConfig } from './config.ts';

export const resourceFactory: ProcessorFactory<ResourceConfig> = {
  type: 'resource',
  description: 'Sets or deletes attributes of the resource that the exporters of its pipeline publish.',
  schema: configSchema,
  hints: actionHints('attributes'),
  async create(_settings, _config, next) {
    const { ResourceProcessor } = await import('./processor.ts');
    return new ResourceProcessor(next);
  },
  resource: ({ attributes: actions }, attributes) => applyActions(attributes, actions),
};
