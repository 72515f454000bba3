import { onTestFinished } from 'vitest';
import { configSchema } from '../../../../src/exporters/file/config.ts';
import { FileExporter } from '../../../../src/exporters/file/exporter.ts';
import { makeService } from '../../metrics/fixtures.ts';

/** One line as a reader has it. */
export interface Line {
  readonly time: string;
  readonly start_time: string;
  readonly drops: number;
  readonly bytes?: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What a reader of the lines has; throws where one isn't whole. */
export function parseLines(text: string): Line[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`half a line at the end: ${text.slice(-80)}`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** An exporter that writes to `path`, with what it says of itself. */
export async function startExporter(path: string, given: object = {}, service = makeService()) {
  const exporter = new FileExporter(service.settings('file'), configSchema.parse({ path, ...given }));
  onTestFinished(() => exporter.shutdown(0));
  await exporter.start();
  const value = async (name: string) => (await service.own(name))[0]?.value;
  return {
    exporter,
    service,
    lines: service.lines,
    sent: () => value('otelcol_exporter_sent_metric_points'),
    failed: () => value('otelcol_exporter_send_failed_metric_points'),
  };
}

/** How many lines of each read there are, by its number. */
export function byRead(lines: readonly Line[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes } of lines) {
    const number = String(attributes['destination.port']);
    counts[number] = (counts[number] ?? 0) + 1;
  }
  return counts;
}
