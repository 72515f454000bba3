import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type FlowAttributesConfig } from './config.ts';

export const flowAttributesFactory: ProcessorFactory<FlowAttributesConfig> = {
  type: 'flow_attributes',
  description: 'Tells drops apart by addresses, protocol, port and interface, where the receiver counts flows.',
  schema: configSchema,
  async create(settings, config, next) {
    const { FlowAttributes } = await import('./processor.ts');
    return new FlowAttributes(settings, config, next);
  },
};
