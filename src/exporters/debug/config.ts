import { z } from 'zod';

export const VERBOSITIES = ['basic', 'normal', 'detailed'] as const;

export const configSchema = z.strictObject({
  verbosity: z
    .enum(VERBOSITIES)
    .default('basic')
    .describe('basic: one line; normal: a table of what rose; detailed: every series, the losses and the hooks too.'),
});

export type DebugConfig = z.infer<typeof configSchema>;
