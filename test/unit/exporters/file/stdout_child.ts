/*
 * Writes three reads of 3,000 flows to its standard output, 100 ms apart, and tells on standard error what its log says and how
 * many were sent and failed.
 */
import { setTimeout } from 'node:timers/promises';
import { configSchema } from '../../../../src/exporters/file/config.ts';
import { FileExporter } from '../../../../src/exporters/file/exporter.ts';
import { makeService } from '../../metrics/fixtures.ts';
import { read } from './reads.ts';

const service = makeService();
const exporter = new FileExporter(service.settings('file'), configSchema.parse({ path: '/dev/stdout' }));
await exporter.start();
for (let i = 1; i <= 3; i++) {
  exporter.consume(read(i, 3_000));
  await setTimeout(100);
}
await exporter.shutdown(500);
const value = async (name: string) => String((await service.own(name))[0]?.value);
const [sent, failed] = [
  await value('otelcol_exporter_sent_metric_points'),
  await value('otelcol_exporter_send_failed_metric_points'),
];
process.stderr.write(`${JSON.stringify(service.lines)}\nsent ${sent}, failed ${failed}\n`, () => process.exit(0));
