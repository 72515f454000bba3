import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { HttpEndpoint } from '../../../src/http/http_endpoint.ts';
import { Authority } from '../../support/certificates.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { makeSettings } from '../../support/settings.ts';

const ANSWER_MILLIS = 1_000;

/** The status of a request on a new connection. */
function ask(port: number, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: 'localhost', port, path: '/metrics', agent: false, ca }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

test('beside 1,000 clients that shake hands and send nothing, a request is answered within a second', async () => {
  const ca = new Authority(scratchDirectory(), 'ca');
  const { cert, key } = ca.issue('server');
  const { logger } = makeSettings();
  const endpoint = new HttpEndpoint({
    endpoint: { host: 'localhost', port: 0 },
    settings: serverSettings.parse({ tls: { cert_file: cert, key_file: key } }),
    configPath: 'exporters::prometheus::endpoint',
    routes: { '/metrics': { answer: () => ({ status: 200, contentType: 'text/plain', body: 'hello' }) } },
    logger,
  });
  onTestFinished(() => endpoint.stop(0));
  await endpoint.start();
  const port = endpoint.port as number;
  const slow = fork(join(import.meta.dirname, 'slow_tls_child.ts'), [`${port}`, '1000'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  onTestFinished(() => void slow.kill());
  await once(slow.stdout as Readable, 'data');
  const millis: number[] = [];
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    expect(await ask(port, ca.pem)).toBe(200);
    millis.push(performance.now() - began);
    await sleep(100);
  }
  // At least half of them, even on a busy machine.
  millis.sort((a, b) => a - b);
  expect(millis[millis.length >> 1]).toBeLessThan(ANSWER_MILLIS);
}, 60_000);
