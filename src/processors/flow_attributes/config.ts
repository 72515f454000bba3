import { z } from 'zod';
import { duration } from '../../component/schema.ts';

/** What of a flow can become an attribute of a series. */
export const FLOW_ATTRIBUTES = [
  'source.address',
  'destination.address',
  'destination.port',
  'network.transport',
  'network.interface.name',
] as const;

export const configSchema = z.strictObject({
  attributes: z
    .array(z.enum(FLOW_ATTRIBUTES))
    .min(1)
    .default(['source.address', 'destination.address'])
    .describe(
      'Attributes of the series in addition to reason and direction. destination.port requires flows::ports of the receiver.',
    ),
  prefix_ipv4: z.int().min(0).max(32).default(32).describe('Prefix length of IPv4 addresses; 24 groups them by /24 networks.'),
  prefix_ipv6: z.int().min(0).max(128).default(128).describe('Prefix length of IPv6 addresses; 64 is a usual network.'),
  metric_expiration: duration({ fallback: '5m' }).describe('A series ends after this time without drops.'),
  max_series: z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe(
      'The most series. When all are in use, new ones take the place of those that were idle for 30s; further drops are summed by reason and direction, in series with otel.metric.overflow="true".',
    ),
});

export type FlowAttributesConfig = z.output<typeof configSchema>;
