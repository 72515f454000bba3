import { z } from 'zod';
import { listenHost } from '../component/schema.ts';
import { serverSettings } from '../component/server_settings.ts';
import { periodicReader } from './periodic_reader.ts';

const prometheusReader = z.strictObject({
  host: listenHost('localhost').describe('Address to listen on.'),
  port: z.int().min(0).max(65_535).default(9465).describe('Port to listen on; 0 selects a free port.'),
  ...serverSettings.shape,
});

const reader = z
  .strictObject({
    pull: z
      .strictObject({ exporter: z.strictObject({ prometheus: prometheusReader }) })
      .optional()
      .describe('An endpoint to scrape.'),
    periodic: periodicReader.optional().describe('Pushes over OTLP.'),
  })
  .refine(({ pull, periodic }) => (pull === undefined) !== (periodic === undefined), 'must have either pull or periodic');

const logs = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The lowest severity to log.'),
  encoding: z
    .enum(['console', 'json'])
    .optional()
    .describe('console for people, json for machines. Default: console on a terminal, json elsewhere.'),
  output_paths: z
    .array(z.string().min(1))
    .min(1)
    .default(['stderr'])
    .describe('Where log lines go: stderr, stdout or the path of a file.'),
});

const metrics = z.strictObject({
  level: z
    .enum(['none', 'basic', 'normal', 'detailed'])
    .default('normal')
    .describe('The level of detail of the metrics about dropreason itself; none disables them.'),
  readers: z
    .array(reader)
    .prefault([{ pull: { exporter: { prometheus: {} } } }])
    .describe('How the metrics of the agent are published.'),
});

/** `service::telemetry`: logs and metrics of the agent itself. */
export const telemetrySchema = z.strictObject({
  logs: logs.prefault({}).describe('The log of the agent.'),
  metrics: metrics.prefault({}).describe('Metrics about the agent itself, not about drops.'),
  resource: z
    .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .prefault({})
    .describe('Resource attributes to add to all metrics; an empty value removes a detected attribute.'),
});

const pipelineSchema = z
  .strictObject({
    receivers: z
      .array(z.string(), { error: 'must be a list with at least one receiver' })
      .min(1, 'must have at least one receiver')
      .describe('Ids of the receivers that feed the pipeline.'),
    processors: z
      .array(z.string())
      .nullable()
      .prefault([])
      .transform((ids) => ids ?? [])
      .describe('Ids of the processors, in processing order.'),
    exporters: z
      .array(z.string(), { error: 'must be a list with at least one exporter' })
      .min(1, 'must have at least one exporter')
      .describe('Ids of the exporters that get the rows.'),
  })
  .describe('A pipeline: receivers, processors and exporters by id.');

/** `service`: which components run and how they are connected. */
export const serviceSchema = z.strictObject({
  extensions: z
    .array(z.string())
    .nullable()
    .prefault([])
    .transform((ids) => ids ?? [])
    .describe('Ids of the extensions that run.'),
  telemetry: telemetrySchema.prefault({}).describe('Logs and metrics of the agent itself.'),
  pipelines: z
    .record(z.string(), pipelineSchema, { error: 'must have at least one pipeline, such as metrics' })
    .refine((pipelines) => Object.keys(pipelines).length > 0, 'must have at least one pipeline, such as metrics')
    .describe('Pipelines by id: metrics, or metrics/name.'),
});

export type TelemetryConfig = z.output<typeof telemetrySchema>;
export type PipelineConfig = z.output<typeof pipelineSchema>;

/** A reader of own telemetry that is scraped. */
export interface PullReader {
  /** The path of `prometheus` in the file. */
  readonly path: readonly (string | number)[];
  readonly prometheus: z.output<typeof prometheusReader>;
}

/** The readers that are scraped; none if own telemetry is off. */
export function pullReaders({ metrics: { level, readers } }: TelemetryConfig): PullReader[] {
  if (level === 'none') return [];
  const path = ['service', 'telemetry', 'metrics', 'readers'];
  return readers.flatMap(({ pull }, index) => {
    if (pull === undefined) return [];
    return { path: [...path, index, 'pull', 'exporter', 'prometheus'], prometheus: pull.exporter.prometheus };
  });
}
