import { z } from 'zod';
import { duration } from '../component/schema.ts';

/** A wait is spread by half, and must still fit in a timer. */
const MOST_INTERVAL = '300h';

/** The Collector's configretry, under the same names. */
export const retrySettings = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether a push that failed is tried again.'),
  initial_interval: duration({ least: '1ms', most: MOST_INTERVAL, fallback: '5s' }).describe('Wait before the first retry.'),
  max_interval: duration({ least: '1ms', most: MOST_INTERVAL, fallback: '30s' }).describe('The longest wait.'),
  max_elapsed_time: duration({ fallback: '5m' }).describe('After this the push is given up; 0 means never.'),
  multiplier: z.number().min(1).max(100).default(1.5).describe('How many times as long each wait is as the one before.'),
  randomization_factor: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('By what part of itself a wait is made shorter or longer at random.'),
});

export type RetrySettings = z.infer<typeof retrySettings>;
