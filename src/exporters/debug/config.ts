import { z } from 'zod';

export const VERBOSITIES = ['basic', 'normal', 'detailed'] as const;

export const configSchema = z.strictObject({
  verbosity: z
    .enum(VERBOSITIES)
    .default('basic')
    .describe(
      'basic: one line; normal: a table of what rose, and the ten flows with the most drops; detailed: every series, a hundred flows, the losses and the hooks too.',
    ),
});

export type DebugConfig = z.infer<typeof configSchema>;
