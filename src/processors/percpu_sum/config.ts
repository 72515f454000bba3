import { z } from 'zod';

export const configSchema = z.strictObject({});

export type PercpuSumConfig = z.output<typeof configSchema>;
