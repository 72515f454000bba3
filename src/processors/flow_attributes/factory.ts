import type { ProcessorFactory } from '../../component/factory.ts';
import type { Need } from '../../component/joints.ts';
import { configSchema, type FlowAttributesConfig } from './config.ts';

export const flowAttributesFactory: ProcessorFactory<FlowAttributesConfig> = {
  type: 'flow_attributes',
  description: 'Tells drops apart by addresses, protocol, port and interface, where the receiver counts flows.',
  schema: configSchema,
  async create(settings, config, next) {
    const { FlowAttributes } = await import('./processor.ts');
    return new FlowAttributes(settings, config, next);
  },
  reads: ({ attributes }) => ['reason', 'direction', ...attributes],
  needs({ attributes }) {
    const message = 'has no flows to count, and never has a series: set mode: advanced on a receiver of this pipeline';
    const needs: Need[] = [{ supply: 'flows', otherwise: 'mistake', message }];
    if (attributes.includes('destination.port')) {
      const port = 'has nothing for destination.port: add flows: {ports: true} to the receiver';
      needs.push({ supply: 'destination.port', otherwise: 'warning', message: port });
    }
    return needs;
  },
};
