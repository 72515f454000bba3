import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HttpCarrier } from '../../../../src/otlp/http/carrier.ts';
import { httpClientSettings } from '../../../../src/otlp/http/client_settings.ts';
import { START } from '../../metrics/fixtures.ts';
import { Login } from '../login.ts';
import { partialSuccess, rpcStatus } from '../messages.ts';
import { metrics, service } from '../pushed_metrics.ts';
import { HttpServer } from './http_server.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
/** For 127.0.0.1 and localhost, signed by ca.crt. */
const CERTIFICATE = join(import.meta.dirname, '../../../support/kube_api/certificate');
const certificate = (name: string) => join(CERTIFICATE, name);
const read = (name: string) => readFileSync(certificate(name));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(...given: ConstructorParameters<typeof HttpServer>): Promise<HttpServer> {
  const server = await new HttpServer(...given).start();
  ends.push(() => server.stop());
  return server;
}

async function carrierTo(endpoint: string, given: object = {}): Promise<HttpCarrier> {
  const carrier = await HttpCarrier.create(
    httpClientSettings.parse({ endpoint, ...given }),
    service.settings('otlp_http').logger,
    '1.2.3',
  );
  ends.push(() => carrier.close());
  return carrier;
}

const urlOf = ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}`;

describe('a push', () => {
  test.each(['gzip', 'zstd', 'none'])('has every point, with compression: %s', async (compression) => {
    const server = await serve();
    const carrier = await carrierTo(urlOf(server), { compression, headers: { 'X-Scope': 'a', Authorization: 'Bearer b' } });
    expect(await carrier.send(metrics)).toEqual({ status: 'sent', rejected: 0, message: '' });
    const [{ path, headers } = { path: '', headers: {} }] = server.requests;
    expect(path).toBe('/v1/metrics');
    expect(headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'user-agent': 'dropreason/1.2.3',
      'x-scope': 'a',
      authorization: 'Bearer b',
    });
    expect(headers['content-encoding']).toBe(compression === 'none' ? undefined : compression);
    const points = server.message.points.map(({ metric, value, temporality, monotonic, startMillis }) => {
      return { metric, value, temporality, monotonic, startMillis };
    });
    const cumulative = { temporality: 2, monotonic: true, startMillis: START };
    expect(points).toEqual([
      { metric: 'dropreason.drop.count', value: 7, ...cumulative },
      { metric: 'dropreason.drop.bytes', value: 588, ...cumulative },
    ]);
  });

  test('has the same as JSON', async () => {
    const server = await serve();
    await (await carrierTo(urlOf(server), { encoding: 'json' })).send(metrics);
    expect(server.requests[0]?.headers['content-type']).toBe('application/json');
    const { resourceMetrics } = JSON.parse(`${server.requests[0]?.body}`);
    const sums = resourceMetrics[0].scopeMetrics[0].metrics.map(
      (metric: { name: string; sum: { dataPoints: { asInt: unknown }[] } }) => {
        return [metric.name, Number(metric.sum.dataPoints[0]?.asInt)];
      },
    );
    expect(Object.fromEntries(sums)).toMatchObject({ 'dropreason.drop.count': 7, 'dropreason.drop.bytes': 588 });
  });

  test.each([
    ['a base with a path', { endpoint: '/otlp/' }, '/otlp/v1/metrics'],
    ['a base with a query', { endpoint: '/?key=1' }, '/v1/metrics?key=1'],
    ['a whole URL', { endpoint: '/base', metrics_endpoint: '/in?key=1' }, '/in?key=1'],
  ])('goes to %s', async (_, given, path) => {
    const server = await serve();
    const whole = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, urlOf(server) + value]));
    await (await carrierTo('', whole)).send(metrics);
    expect(server.requests[0]?.path).toBe(path);
  });

  test('keeps its connection, and makes a new one where the server has closed it', async () => {
    const server = await serve();
    const carrier = await carrierTo(urlOf(server));
    await carrier.send(metrics);
    await carrier.send(metrics);
    expect(server.requests[1]?.peer).toBe(server.requests[0]?.peer);
    // As a server does that gives the connection up just when the request comes.
    server.answer = (response) => {
      server.answer = {};
      response.socket?.destroy();
    };
    expect(await carrier.send(metrics)).toMatchObject({ status: 'sent' });
    expect(server.requests).toHaveLength(4);
    expect(server.requests[2]?.peer).toBe(server.requests[0]?.peer);
    expect(server.requests[3]?.peer).not.toBe(server.requests[0]?.peer);
  });
});

describe('an answer', () => {
  const asked = async (answer: HttpServer['answer'], given: object = {}) => {
    const server = await serve();
    server.answer = answer;
    return (await carrierTo(urlOf(server), given)).send(metrics);
  };

  test.each([429, 502, 503, 504])('%i may be tried again', async (status) => {
    expect(await asked({ status })).toEqual({ status: 'retryable', why: `HTTP status ${status}` });
  });

  test.each([
    ...[400, 415, 422, 500, 501, 505].map((status) => ({ status, about: 'message' })),
    ...[401, 403, 404, 405, 407].map((status) => ({ status, about: 'sender' })),
  ])('$status may not, which is about the $about', async ({ status, about }) => {
    expect(await asked({ status, body: 'because\n  of that' })).toEqual({
      status: 'refused',
      about,
      cause: `HTTP ${status}`,
      why: `HTTP status ${status}: because of that`,
    });
  });

  test('413 is a message that is too large', async () => {
    expect(await asked({ status: 413 })).toEqual({ status: 'too_large', why: 'HTTP status 413' });
  });

  test.each([
    ['seconds', () => '3', 3000],
    ['a date', () => new Date(Date.now() + 90_000).toUTCString(), 90_000],
    ['a date that is over', () => new Date(0).toUTCString(), 0],
    ['a week', () => '604800', 3_600_000],
  ])('asks to wait: %s', async (_, value, millis) => {
    const result = await asked({ status: 503, headers: { 'retry-after': value() } });
    expect(result).toMatchObject({ status: 'retryable' });
    const { waitMillis = -1 } = result as { waitMillis?: number };
    expect(Math.abs(waitMillis - millis)).toBeLessThanOrEqual(millis === 90_000 ? 5000 : 0);
  });

  test('with a Retry-After that is neither is one without', async () => {
    expect(await asked({ status: 429, headers: { 'retry-after': 'soon' } })).toEqual({
      status: 'retryable',
      why: 'HTTP status 429',
    });
  });

  test('with a Status has its message', async () => {
    const why = 'HTTP status 400: injected failure';
    expect(await asked({ status: 400, headers: PROTOBUF, body: rpcStatus() })).toMatchObject({ why });
    expect(await asked({ status: 400, headers: JSON_TYPE, body: '{"code":8,"message":"injected failure"}' })).toMatchObject({
      why,
    });
  });

  test('has a partial success, in either encoding', async () => {
    const partial = { status: 'sent', rejected: 3, message: 'too old' };
    expect(await asked({ headers: PROTOBUF, body: partialSuccess(3, 'too old') })).toEqual(partial);
    const json = '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}';
    expect(await asked({ headers: JSON_TYPE, body: json })).toEqual(partial);
  });

  test.each([
    ['a page of a login', { headers: { 'content-type': 'text/html' }, body: '<html>sign in' }, 'a page'],
    ['no protobuf', { headers: PROTOBUF, body: Buffer.from([0x0a, 0xff]) }, 'undecodable answer'],
    ['no JSON', { headers: JSON_TYPE, body: '{' }, 'undecodable answer'],
    [
      'a number that is none',
      { headers: JSON_TYPE, body: '{"partialSuccess":{"rejectedDataPoints":"x"}}' },
      'undecodable answer',
    ],
  ])('that is %s is no success', async (_, answer, cause) => {
    expect(await asked(answer)).toMatchObject({ status: 'refused', cause });
  });

  test('of another type is a success, as in the Collector', async () => {
    expect(await asked({ headers: { 'content-type': 'text/plain' }, body: 'ok' })).toMatchObject({ status: 'sent' });
  });

  test('that redirects says where to, without secrets', async () => {
    const result = await asked({ status: 308, headers: { location: 'https://other:4318/v1/metrics?token=secret' } });
    expect(result).toMatchObject({
      status: 'refused',
      why: expect.stringContaining('set the endpoint to https://other:4318/v1/metrics'),
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  test('that never comes, or never ends, is given up after the timeout', async () => {
    const late = { status: 'retryable', why: 'no answer within 0.2 s' };
    expect(await asked('hang', { timeout: '200ms' })).toEqual(late);
    const slow = (response: { write(text: string): void }) => response.write('x');
    expect(await asked(slow, { timeout: '200ms' })).toEqual(late);
  });

  test('without an end is read to a bound', async () => {
    let written = 0;
    const endless: HttpServer['answer'] = (response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) written += 16_384;
        response.once('drain', more);
      };
      more();
    };
    expect(await asked(endless)).toMatchObject({ status: 'sent' });
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('over TLS', () => {
  const serveTls = (options: object = {}) => serve({ key: read('server.key'), cert: read('server.crt'), ...options });
  const to = ({ port }: HttpServer) => `https://localhost:${port}`;

  test('the certificate is verified unless told not to', async () => {
    const server = await serveTls();
    expect(await (await carrierTo(to(server))).send(metrics)).toMatchObject({
      status: 'retryable',
      why: expect.stringMatching(/unable to verify|self-signed|local issuer/),
    });
    for (const tls of [{ ca_file: certificate('ca.crt') }, { insecure_skip_verify: true }]) {
      expect(await (await carrierTo(to(server), { tls })).send(metrics)).toMatchObject({ status: 'sent' });
    }
    expect(server.requests).toHaveLength(2);
  });

  test('the client shows its own', async () => {
    const shown: unknown[] = [];
    // The certificate is a server's: Node's own check of its purpose would refuse it.
    const server = await serveTls({ requestCert: true, rejectUnauthorized: false, ca: read('ca.crt') });
    server.server.on('secureConnection', (socket: TLSSocket) => shown.push(socket.getPeerCertificate().subject?.CN));
    const ca_file = certificate('ca.crt');
    await (await carrierTo(to(server), { tls: { ca_file } })).send(metrics);
    const tls = { ca_file, cert_file: certificate('server.crt'), key_file: certificate('server.key') };
    await (await carrierTo(to(server), { tls })).send(metrics);
    expect(shown).toEqual([undefined, 'localhost']);
  });

  test('the name and the versions are those that are asked for', async () => {
    const ca_file = certificate('ca.crt');
    const server = await serveTls({ maxVersion: 'TLSv1.2' });
    const sent = async (tls: object) => (await (await carrierTo(to(server), { tls: { ca_file, ...tls } })).send(metrics)).status;
    expect(await sent({ server_name_override: 'kubernetes.default.svc' })).toBe('sent');
    expect(await sent({ server_name_override: 'other.example' })).toBe('retryable');
    expect(await sent({ min_version: '1.2' })).toBe('sent');
    expect(await sent({ min_version: 1.3 })).toBe('retryable');
  });

  test('PEM text does as well as files', async () => {
    const server = await serveTls();
    const tls = { ca_pem: `${read('ca.crt')}`, cert_pem: `${read('server.crt')}`, key_pem: `${read('server.key')}` };
    expect(await (await carrierTo(to(server), { tls })).send(metrics)).toMatchObject({ status: 'sent' });
  });

  test('a CA that is replaced is used after the first push that fails, and one that is broken is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dropreason-tls-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const ca_file = join(folder, 'ca.crt');
    writeFileSync(ca_file, rootCertificates[0] ?? '');
    const server = await serveTls();
    const carrier = await carrierTo(to(server), { tls: { ca_file } });
    expect(await carrier.send(metrics)).toMatchObject({ status: 'retryable' });
    writeFileSync(ca_file, read('ca.crt'));
    expect(await carrier.send(metrics)).toMatchObject({ status: 'sent' });

    writeFileSync(ca_file, 'half of a cert');
    server.answer = { status: 401 };
    const before = service.lines.length;
    for (let count = 0; count < 3; count++) await carrier.send(metrics);
    server.answer = {};
    expect(await carrier.send(metrics)).toMatchObject({ status: 'sent' });
    const lines = service.lines.slice(before).map(({ msg }) => msg);
    expect(lines).toEqual(["tls: the files can't be read again; the certificates that were read before are used"]);
  });

  test('files that are none are an error at the start', async () => {
    await expect(carrierTo('https://a', { tls: { ca_file: '/nowhere' } })).rejects.toThrow(
      "tls::ca_file: can't read /nowhere: ENOENT",
    );
    const none = join(CERTIFICATE, 'README.md');
    await expect(carrierTo('https://a', { tls: { ca_file: none } })).rejects.toThrow('the CA has no certificate in PEM format');
    await expect(carrierTo('https://a', { tls: { cert_file: none, key_file: none } })).rejects.toThrow(
      /^tls: the certificates can't be used/,
    );
  });
});

describe('through a proxy', () => {
  async function proxy() {
    const targets: string[] = [];
    const server = createServer((request, response) => {
      targets.push(`${request.method} ${request.url}`);
      response.end();
    });
    server.on('connect', (request, client) => {
      targets.push(`CONNECT ${request.url}`);
      const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets };
  }

  test.each(['proxy_url', 'HTTPS_PROXY'])('of %s, by CONNECT for https', async (key) => {
    const server = await serve({ key: read('server.key'), cert: read('server.crt') });
    const { url, targets } = await proxy();
    if (key === 'HTTPS_PROXY') vi.stubEnv(key, url);
    const given = { tls: { ca_file: certificate('ca.crt') }, ...(key === 'proxy_url' && { proxy_url: url }) };
    expect(await (await carrierTo(`https://localhost:${server.port}`, given)).send(metrics)).toMatchObject({ status: 'sent' });
    expect(targets).toEqual([`CONNECT localhost:${server.port}`]);
    expect(server.message.points[0]?.value).toBe(7);
  });

  test('for http, but not for names of NO_PROXY', async () => {
    const server = await serve();
    const { url, targets } = await proxy();
    vi.stubEnv('HTTP_PROXY', url);
    await (await carrierTo(urlOf(server))).send(metrics);
    expect(targets).toEqual([`POST ${urlOf(server)}/v1/metrics`]);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    await (await carrierTo(urlOf(server))).send(metrics);
    expect(targets).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });
});

test('a login is sent with each push, instead of such a header, and is suspect after a refusal', async () => {
  const server = await serve();
  const login = new Login();
  const config = httpClientSettings.parse({ endpoint: urlOf(server), headers: { Authorization: 'given' } });
  const carrier = await HttpCarrier.create(config, service.settings('otlp_http').logger, '1.2.3', login);
  ends.push(() => carrier.close());
  await carrier.send(metrics);
  expect(login.suspected).toBe(0);
  server.answer = { status: 401 };
  expect(await carrier.send(metrics)).toMatchObject({ status: 'refused', cause: 'HTTP 401' });
  expect(login.suspected).toBe(1);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
});

test('a server that is not there may be tried again', async () => {
  const server = await serve();
  const { port } = server;
  server.stop();
  expect(await (await carrierTo(`http://127.0.0.1:${port}`)).send(metrics)).toMatchObject({
    status: 'retryable',
    why: expect.stringContaining('ECONNREFUSED'),
  });
});
