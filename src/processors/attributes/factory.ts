import { actionHints, deletedBy } from '../../component/attribute_action.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { type AttributesConfig, configSchema } from './config.ts';

const EVERY_ROW = 'choose rows with the filter processor, in a pipeline of their own';

export const attributesFactory: ProcessorFactory<AttributesConfig> = {
  type: 'attributes',
  description: 'Sets or deletes attributes; rows that become equal are summed.',
  schema: configSchema,
  hints: { ...actionHints('actions'), include: EVERY_ROW, exclude: EVERY_ROW },
  async create(settings, config, next) {
    const { AttributesProcessor } = await import('./processor.ts');
    return new AttributesProcessor(settings, config, next);
  },
  deletes: ({ actions }) => deletedBy(actions),
  sets: ({ actions }) => actions.flatMap(({ key, action }) => (action === 'delete' ? [] : [key])),
};
