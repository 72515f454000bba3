import { z } from 'zod';
import { attributeAction } from '../../component/attribute_action.ts';

export const configSchema = z.strictObject({
  actions: z.array(attributeAction).min(1).describe('What to do with the attributes of each row, one after the other.'),
});

export type AttributesConfig = z.output<typeof configSchema>;
