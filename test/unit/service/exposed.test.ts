import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Service } from '../../../src/service/service.ts';
import { Stage } from '../../support/components.ts';
import { scratchDirectory } from '../../support/scratch.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['on a host', undefined, 'warn'],
  ['in a pod', '10.96.0.1', 'info'],
])('an endpoint that other hosts can reach is reported once, and not at reloads: %s', async (_, kubernetes, level) => {
  vi.stubEnv('KUBERNETES_SERVICE_HOST', kubernetes);
  const directory = scratchDirectory();
  const [path, log] = [join(directory, 'config.yaml'), join(directory, 'log')];
  const config = {
    receivers: { source: {} },
    exporters: { prometheus: { endpoint: '0.0.0.0:0' } },
    service: {
      telemetry: { logs: { output_paths: [log], encoding: 'json' }, metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['source'], exporters: ['prometheus'] } },
    },
  };
  writeFileSync(path, JSON.stringify(config));
  const { receivers } = new Stage().factories;
  const service = new Service(() => loadConfig({ files: [path], env: {}, factories: { ...factories, receivers } }));
  onTestFinished(() => service.shutdown());
  await service.start();
  await service.reload();
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('other hosts can reach'));
  expect(told).toMatchObject([{ level, msg: expect.stringContaining('exporters::prometheus (0.0.0.0:0) without tls and auth') }]);
});
