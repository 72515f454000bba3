import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Service } from '../../../src/service/service.ts';
import { Stage } from '../../support/components.ts';
import { freePort } from '../../support/ports.ts';
import { scratchDirectory } from '../../support/scratch.ts';

/** A service with the real extensions and exporters, and a receiver that reads nothing. Its file has the token. */
async function serve() {
  const directory = scratchDirectory();
  const path = join(directory, 'config.yaml');
  const ports = { metrics: await freePort(), own: await freePort(), health: await freePort() };
  const auth = { authenticator: 'bearertokenauth' };
  const write = (token: string) => {
    const config = {
      receivers: { source: {} },
      exporters: { prometheus: { endpoint: `localhost:${ports.metrics}`, auth } },
      extensions: { health_check: { endpoint: `localhost:${ports.health}`, auth }, bearertokenauth: { token } },
      service: {
        extensions: ['health_check', 'bearertokenauth'],
        telemetry: {
          logs: { output_paths: [join(directory, 'log')] },
          metrics: { readers: [{ pull: { exporter: { prometheus: { port: ports.own, auth } } } }] },
        },
        pipelines: { metrics: { receivers: ['source'], exporters: ['prometheus'] } },
      },
    };
    writeFileSync(path, JSON.stringify(config));
  };
  write('first');
  const { receivers } = new Stage().factories;
  const service = new Service(() => loadConfig({ files: [path], env: {}, factories: { ...factories, receivers } }));
  onTestFinished(() => service.shutdown());
  await service.start();
  return { service, write, ports };
}

/** On a connection of its own, since a reload closes the others. */
function ask(url: string, token: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).on('error', reject);
  });
}

test('the same extension checks the clients of all that listens, before and after a reload', async () => {
  const { service, write, ports } = await serve();
  const statuses = (token: string) => {
    const urls = [`${ports.metrics}/metrics`, `${ports.own}/metrics`, `${ports.health}/`];
    return Promise.all(urls.map(async (url) => (await ask(`http://localhost:${url}`, token)).status));
  };
  expect(await statuses('first')).toEqual([200, 200, 200]);
  expect(await statuses('second')).toEqual([401, 401, 401]);
  write('second');
  await service.reload();
  expect(await statuses('first')).toEqual([401, 401, 401]);
  expect(await statuses('second')).toEqual([200, 200, 200]);
  const { body } = await ask(`http://localhost:${ports.own}/metrics`, 'second');
  const refused = body.match(/^dropreason_http_refused_total\{.*endpoint="exporters::prometheus".*\} (\d+)$/m);
  expect(refused?.[1]).toBe('2');
});
