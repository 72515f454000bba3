import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Authenticator, Verdict } from '../../../src/component/authenticator.ts';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { HttpEndpoint } from '../../../src/http/http_endpoint.ts';
import { makeSettings } from '../../support/settings.ts';

const open: HttpEndpoint[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((endpoint) => endpoint.stop(0)));
});

const WRONG = 'hunter2';

/** An endpoint whose clients send their verdict as the credentials. */
async function serve(isRunning = true) {
  const { logger, lines } = makeSettings();
  const counted: unknown[] = [];
  let made = 0;
  const check = async ({ authorization }: { authorization?: string | undefined }): Promise<Verdict> =>
    authorization === 'valid' || authorization === 'busy' ? authorization : 'invalid';
  const authenticator: Authenticator = { server: { check, challenge: 'Bearer realm="dropreason"' } };
  const endpoint = new HttpEndpoint({
    endpoint: { host: 'localhost', port: 0 },
    settings: serverSettings.parse({ auth: { authenticator: 'bearertokenauth/scrapes' } }),
    configPath: 'exporters::prometheus::endpoint',
    routes: {
      '/metrics': {
        answer: () => {
          made++;
          return { status: 200, contentType: 'text/plain', body: 'hello' };
        },
      },
    },
    logger,
    authenticator: (id) => (isRunning && id === 'bearertokenauth/scrapes' ? authenticator : undefined),
    refused: { add: (count, attributes) => void counted.push([count, attributes]) },
  });
  open.push(endpoint);
  await endpoint.start();
  return { port: endpoint.port as number, lines, counted, made: () => made };
}

function ask(port: number, authorization?: string, options: object = {}) {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    request({ port, host: '127.0.0.1', path: '/metrics', headers, agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

const count = (number: number) => [number, { endpoint: 'exporters::prometheus', why: 'credentials' }];

test('a client with valid credentials is answered', async () => {
  const { port, lines, counted } = await serve();
  expect(await ask(port, 'valid')).toMatchObject({ status: 200, body: 'hello' });
  expect(lines).toEqual([]);
  expect(counted).toEqual([count(0)]);
});

test('others get 401 before anything is made, are counted, and are logged once without what they sent', async () => {
  const { port, lines, counted, made } = await serve();
  for (const authorization of [undefined, WRONG, `Bearer ${WRONG}`]) {
    const { status, headers, body } = await ask(port, authorization);
    expect({ status, body }).toEqual({ status: 401, body: 'valid credentials are required\n' });
    expect(headers['www-authenticate']).toBe('Bearer realm="dropreason"');
  }
  expect(made()).toBe(0);
  expect(counted).toEqual([count(0), count(1), count(1), count(1)]);
  expect(lines).toMatchObject([
    { level: 'warn', msg: 'localhost:0: a client without valid credentials got status 401', client: '127.0.0.1' },
  ]);
  expect(JSON.stringify(lines)).not.toContain(WRONG);
});

test.each([
  ['an unknown path', { path: '/' }],
  ['another method', { method: 'POST' }],
])('of %s they learn no more', async (_, options) => {
  const { port } = await serve();
  expect((await ask(port, WRONG, options)).status).toBe(401);
});

test('a client may try again where too many are being checked', async () => {
  const { port, made, counted } = await serve();
  expect(await ask(port, 'busy')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(made()).toBe(0);
  expect(counted).toEqual([count(0)]);
});

test('nobody is admitted while the extension does not run', async () => {
  const { port, made } = await serve(false);
  expect(await ask(port, 'valid')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(made()).toBe(0);
});
