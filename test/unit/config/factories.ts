import { z } from 'zod';
import type { Factories } from '../../../src/component/factory.ts';
import { duration, listenEndpoint } from '../../../src/component/schema.ts';
import { secret } from '../../../src/component/secret.ts';

function factory(type: string, description: string, schema: z.ZodType, aliases: readonly string[] = []) {
  const create = () => Promise.reject(new Error('only described here'));
  return { type, description, schema, aliases, create };
}

const matcher = z.strictObject({
  match_type: z.enum(['strict', 'regexp']).default('strict'),
  attributes: z.array(z.strictObject({ key: z.string().min(1), values: z.array(z.string()).min(1) })).min(1),
});

const otlp = z.strictObject({
  endpoint: z.string().min(1).describe('host:port of an OTLP/gRPC receiver.'),
  headers: z.record(z.string().regex(/^[\w.-]+$/), secret()).default({}),
  token: secret(z.string().min(4)).describe('A secret with a description.').optional(),
  compression: z.enum(['gzip', 'none']).default('gzip'),
  retry: z.strictObject({ enabled: z.boolean().default(true), times: z.int().min(1).max(10).default(3) }).prefault({}),
});

/** Factories that resemble the real ones, but don't change with them. */
export const factories: Factories = {
  receivers: [
    factory(
      'dropreason',
      'Reads the counters of dropped packets from the kernel.',
      z.strictObject({
        collection_interval: duration({ least: '1s', fallback: '10s' }).describe('The most time between two reads.'),
        attributes: z
          .array(z.enum(['network.type', 'network.transport']))
          .max(2)
          .default([]),
        pin: z.boolean().default(false),
        hooks: z.strictObject({ nat: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}) }).prefault({}),
      }),
    ),
  ],
  processors: [
    factory('percpu_sum', 'Sums the rows of all CPUs.', z.strictObject({})),
    factory(
      'filter',
      'Keeps or drops rows by attribute.',
      z.strictObject({ include: matcher.optional(), exclude: matcher.optional() }),
    ),
  ],
  exporters: [
    factory('prometheus', 'Answers scrapes.', z.strictObject({ endpoint: listenEndpoint('localhost:9464') })),
    factory('otlp_grpc', 'Pushes over OTLP/gRPC.', otlp, ['otlp']),
    factory(
      'debug',
      'Prints a table.',
      z.strictObject({
        verbosity: z.enum(['basic', 'normal', 'detailed']).default('basic'),
        sampling: z.union([z.number().positive(), z.literal('none')]).default('none'),
      }),
    ),
  ],
  extensions: [
    factory('health_check', 'Answers whether all is well.', z.strictObject({ endpoint: listenEndpoint('localhost:13134') })),
  ],
};
