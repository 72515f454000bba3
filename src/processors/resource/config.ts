import { z } from 'zod';
import { attributeAction } from '../../component/attribute_action.ts';

export const configSchema = z.strictObject({
  attributes: z.array(attributeAction).min(1).describe("What to do with the resource's attributes, one after the other."),
});

export type ResourceConfig = z.output<typeof configSchema>;
