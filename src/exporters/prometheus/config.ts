import { z } from 'zod';
import { listenEndpoint } from '../../component/schema.ts';
import { serverSettings } from '../../component/server_settings.ts';
import { METRIC_NAMES, NAMINGS } from '../../publish/naming.ts';
import { ownLabels } from '../../publish/prometheus/own_labels.ts';

const patterns = z.array(z.string().min(1)).default([]);

/** Names that begin with `__` are Prometheus' own; buckets have `le`, and summaries `quantile`. */
const label = z.string().regex(/^(?!__|le$|quantile$)[a-zA-Z_][a-zA-Z0-9_]*$/, {
  error: 'must be the name of a label: letters, digits and _, no digit first, not __ first, and not le or quantile',
});

export const configSchema = z
  .strictObject({
    endpoint: listenEndpoint('localhost:9464').describe('Where to answer scrapes, at /metrics.'),
    metric_names: z
      .enum(METRIC_NAMES)
      .default('opentelemetry')
      .describe("Names and labels: the OpenTelemetry ones, or Retina's."),
    namespace: z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'must be the beginning of a name: letters, digits and _, no digit first' })
      .optional()
      .describe('Each name begins with it and _. The rules and dashboards that come with dropreason expect none.'),
    const_labels: z
      .record(label, z.string())
      .default({})
      .describe('Labels with their values that are added to every series, such as cluster: east.'),
    enable_open_metrics: z
      .boolean()
      .default(true)
      .describe(
        'Answers in OpenMetrics, with the time when each series began, a scraper that asks for it and not for plain text too.',
      ),
    resource_constant_labels: z
      .strictObject({
        included: patterns.describe("The resource's attributes that match one of these patterns, such as host.* or k8s.*."),
        excluded: patterns.describe('But not those that match one of these; without included, all others.'),
      })
      .optional()
      .describe("The resource's attributes that are added to every series. Overrides resource_to_telemetry_conversion."),
    resource_to_telemetry_conversion: z
      .strictObject({
        enabled: z.boolean().default(false).describe("Puts the resource's attributes on every series, besides target_info."),
        exclude_service_attributes: z
          .boolean()
          .default(false)
          .describe('But not service.name, service.namespace and service.instance.id.'),
      })
      .prefault({}),
    ...serverSettings.shape,
  })
  .superRefine(({ metric_names, const_labels }, context) => {
    const own = ownLabels(NAMINGS[metric_names]);
    for (const name of Object.keys(const_labels)) {
      if (!own.has(name)) continue;
      context.addIssue({
        code: 'custom',
        path: ['const_labels', name],
        message: 'is a label that series have already: choose another name',
      });
    }
  });

export type PrometheusConfig = z.infer<typeof configSchema>;
