import { z } from 'zod';
import { duration } from '../../component/schema.ts';

/** Opt-in attributes; each multiplies the number of series. */
export const ATTRIBUTES = ['network.type', 'network.transport', 'network.interface.name', 'network.namespace.inode'] as const;

export type OptInAttribute = (typeof ATTRIBUTES)[number];

const hook = z.strictObject({ enabled: z.boolean().default(true).describe('Whether the hook is attached.') }).prefault({});

export const configSchema = z.strictObject({
  collection_interval: duration({ least: '1s', fallback: '10s' }).describe(
    'The most that may pass between two reads, and how often exporters push; a scrape always reads.',
  ),
  attributes: z
    .array(z.enum(ATTRIBUTES))
    .default([])
    .describe('Attributes besides reason, direction and class; each multiplies the number of series.'),
  attributes_max_entries: z
    .int()
    .min(1)
    .max(65_536)
    .default(4096)
    .describe('Rows with opt-in attributes at most; what does not fit is counted without them.'),
  hooks: z
    .strictObject({
      connect: hook.describe('Failed TCP connects, seen at the return of every system call.'),
      accept: hook.describe('Failed TCP accepts, seen at the return of every system call.'),
    })
    .prefault({}),
});

export type DropreasonConfig = z.output<typeof configSchema>;
