import { once } from 'node:events';
import { get, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ComponentError } from '../../../src/component/errors.ts';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { HttpEndpoint } from '../../../src/http/http_endpoint.ts';
import type { HttpAnswer, Route } from '../../../src/http/route.ts';
import { makeSettings } from '../../support/settings.ts';

const open: HttpEndpoint[] = [];

interface Served {
  readonly host?: string;
  readonly port?: number;
  readonly settings?: object;
  readonly routes?: Readonly<Record<string, Route>>;
}

/** A listening endpoint, with its log. */
async function serveRoutes({ host = 'localhost', port = 0, settings = {}, routes = {} }: Served) {
  const { logger, lines } = makeSettings();
  const endpoint = new HttpEndpoint({
    endpoint: { host, port },
    settings: serverSettings.parse(settings),
    configPath: 'exporters::prometheus::endpoint',
    routes,
    logger,
  });
  open.push(endpoint);
  await endpoint.start();
  return { endpoint, port: endpoint.port as number, lines, url: `http://127.0.0.1:${endpoint.port}/metrics` };
}

async function serve(answer: Route['answer'], host = 'localhost', port = 0): Promise<HttpEndpoint> {
  return (await serveRoutes({ host, port, routes: { '/metrics': { answer } } })).endpoint;
}

const text = (body: string) => () => ({ status: 200, contentType: 'text/plain', body });

function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request(url, { headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((endpoint) => endpoint.stop(0)));
});

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
if (!hasIpv6) console.warn('skipped: no ::1 on this host');

describe('HttpEndpoint', () => {
  it('answers localhost on 127.0.0.1', async () => {
    const { port } = await serve(text('hello'));
    expect((await ask(`http://127.0.0.1:${port}/metrics`)).body.toString()).toBe('hello');
  });

  it.skipIf(!hasIpv6)('answers localhost on ::1', async () => {
    const { port } = await serve(text('hello'));
    expect((await ask(`http://[::1]:${port}/metrics?x=1`)).body.toString()).toBe('hello');
  });

  it('lists the known paths for an unknown one', async () => {
    const { port } = await serve(text('hello'));
    const { status, body } = await ask(`http://127.0.0.1:${port}/`);
    expect([status, body.toString()]).toEqual([404, 'nothing here; try /metrics\n']);
    expect((await ask(`http://127.0.0.1:${port}/constructor`)).status).toBe(404);
    expect((await ask(`http://127.0.0.1:${port}/metrics`, {}, 'POST')).status).toBe(405);
  });

  it.each([
    ['gzip, deflate', true],
    ['gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['deflate', false],
    ['', false],
  ])('with Accept-Encoding %j compresses: %s', async (accepted, compressed) => {
    const long = 'a line\n'.repeat(1000);
    const { port } = await serve(text(long));
    const { headers, body } = await ask(`http://127.0.0.1:${port}/metrics`, { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(compressed ? 'gzip' : undefined);
    expect((compressed ? gunzipSync(body) : body).toString()).toBe(long);
  });

  it('reports which port is taken and which key to change', async () => {
    const { port } = await serve(text('hello'));
    const second = serve(text('hello'), 'localhost', port);
    await expect(second).rejects.toThrow(ComponentError);
    await expect(second).rejects.toThrow(
      `can't listen on localhost:${port}: another process uses port ${port}; stop it, or change exporters::prometheus::endpoint`,
    );
  });

  it.skipIf(!hasIpv6)('leaves nothing listening where one of the two addresses is taken', async () => {
    const { port } = await serve(text('hello'), '::1');
    if (port === undefined) throw new Error('it listens and has no port');
    await expect(serve(text('hello'), 'localhost', port)).rejects.toThrow(`another process uses port ${port}`);
    await expect(ask(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('ECONNREFUSED');
  });

  it('answers 500 with the reason if the route fails', async () => {
    const { port } = await serve(() => Promise.reject(new Error('no counters')));
    const { status, body } = await ask(`http://127.0.0.1:${port}/metrics`);
    expect([status, body.toString()]).toEqual([500, 'no counters\n']);
  });

  it('lets a request under way end, and cuts it off at the deadline', async () => {
    let answer: (value: HttpAnswer) => void = () => undefined;
    const slow = await serve(() => new Promise((resolve) => (answer = resolve)));
    const asked = ask(`http://127.0.0.1:${slow.port}/metrics`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = slow.stop(5000);
    answer({ status: 200, contentType: 'text/plain', body: 'last' });
    expect((await asked).body.toString()).toBe('last');
    await stopped;

    const hanging = await serve(() => new Promise(() => undefined));
    const cut = ask(`http://127.0.0.1:${hanging.port}/metrics`).catch((error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = Date.now();
    await hanging.stop(100);
    expect(Date.now() - before).toBeLessThan(1000);
    expect(await cut).toBe('socket hang up');
  });

  it('stops at once with an idle connection kept alive, twice, and without start', async () => {
    const endpoint = await serve(text('hello'));
    await new Promise((resolve) =>
      get(`http://127.0.0.1:${endpoint.port}/metrics`, (response) => response.resume().on('end', resolve)),
    );
    const before = Date.now();
    await endpoint.stop(3000);
    expect(Date.now() - before).toBeLessThan(1000);
    await endpoint.stop(0);
    const { logger } = makeSettings();
    const settings = serverSettings.parse({});
    await new HttpEndpoint({ endpoint: { host: '', port: 0 }, settings, configPath: '', routes: {}, logger }).stop(0);
  });

  it('sends pieces as they are, or compressed, and only their length to who asks for the head', async () => {
    const pieces = Array.from({ length: 50 }, (_, index) => `${index} ${'é'.repeat(10_000)}\n`);
    const { url } = await serveRoutes({
      routes: { '/metrics': { answer: () => ({ ...text('')(), body: pieces.map((piece) => Buffer.from(piece)) }) } },
    });
    const plain = await ask(url);
    expect(plain.body.toString()).toBe(pieces.join(''));
    expect(plain.headers['content-encoding']).toBeUndefined();
    const zipped = await ask(url, { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe(pieces.join(''));
    const head = await ask(url, {}, 'HEAD');
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-length']).toBe(plain.headers['content-length']);
  });

  it('logs once that answers fail, and once that they work again', async () => {
    let isWell = false;
    function* failing() {
      yield Buffer.alloc(100_000, 'a');
      if (!isWell) throw new Error('no counters');
    }
    const answer = () => ({ ...text('')(), body: failing() });
    const { url, lines } = await serveRoutes({ routes: { '/metrics': { answer } } });
    for (let round = 0; round < 3; round++) expect((await ask(url)).body.toString()).toBe('no counters\n');
    isWell = true;
    for (let round = 0; round < 3; round++) expect((await ask(url)).status).toBe(200);
    expect(lines).toMatchObject([
      {
        level: 'error',
        msg: 'GET /metrics failed; the client gets a 500 with the reason',
        err: { message: 'no counters' },
      },
      { level: 'info', msg: 'GET /metrics works again' },
    ]);
  });

  it('accepts a target in absolute form, as sent by a proxy', async () => {
    const { port } = await serve(text('hello'));
    for (const target of [`http://127.0.0.1:${port}/metrics`, 'HTTP://elsewhere/metrics?x=1']) {
      const answer = await new Promise<number | undefined>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path: target, agent: false }, ({ statusCode }) => resolve(statusCode)).on('error', reject);
      });
      expect(answer, target).toBe(200);
    }
    expect((await ask(`http://127.0.0.1:${port}/http://127.0.0.1/metrics`)).status).toBe(404);
  });

  it('says which methods there are', async () => {
    const { port } = await serve(text('hello'));
    expect((await ask(`http://127.0.0.1:${port}/metrics`, {}, 'DELETE')).headers.allow).toBe('GET, HEAD');
  });

  it('closes each connection after its answer with keep_alives_enabled: false', async () => {
    const routes = { '/metrics': { answer: text('hello') } };
    const kept = await serveRoutes({ routes });
    expect((await ask(kept.url, { connection: 'keep-alive' })).headers.connection).toBe('keep-alive');
    const closed = await serveRoutes({ routes, settings: { keep_alives_enabled: false } });
    expect((await ask(closed.url, { connection: 'keep-alive' })).headers.connection).toBe('close');
  });
});

/** Answers with its number on demand. */
function makeGate() {
  const waiting: (() => void)[] = [];
  let made = 0;
  const answer = async (variant: string) => {
    const number = ++made;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { status: 200, contentType: 'text/plain', body: `${variant}${number}` };
  };
  return { answer, waiting, made: () => made };
}

it.each([
  ['that goes on', (socket: Socket, text: string) => socket.write(text)],
  ['that ends', (socket: Socket, text: string) => socket.end(text)],
])('no part of a body %s is parsed while its answer is made, so that it costs nothing', async (_, send) => {
  const { answer, waiting } = makeGate();
  const { port } = await serveRoutes({ routes: { '/metrics': { answer } } });
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (data: Buffer) => {
    received += data.toString();
  });
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  await expect.poll(() => waiting.length).toBe(1);
  // Parsing this would give a 400.
  send(socket, 'no chunk\r\n'.repeat(10_000));
  await sleep(100);
  waiting[0]?.();
  await once(socket, 'close');
  expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n.*\r\nConnection: close\r\n.*\r\n\r\n1$/s);
});

describe('requests that come together', () => {
  it('share the next answer, and never the one that is being made', async () => {
    const { answer, waiting, made } = makeGate();
    let arrived = 0;
    const variant = () => {
      arrived++;
      return '';
    };
    const { url } = await serveRoutes({ routes: { '/metrics': { answer, variant } } });
    const first = ask(url);
    await expect.poll(() => waiting.length).toBe(1);
    const rest = Promise.all(Array.from({ length: 20 }, () => ask(url)));
    await expect.poll(() => arrived).toBe(21);
    expect(made()).toBe(1);
    waiting[0]?.();
    expect((await first).body.toString()).toBe('1');
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    expect((await rest).map(({ body }) => body.toString())).toEqual(Array.from({ length: 20 }, () => '2'));
    expect(made()).toBe(2);
  });

  it('get a 503 with Retry-After at the limit of connections, if none can be closed', async () => {
    const { answer, waiting } = makeGate();
    const { url, lines } = await serveRoutes({ routes: { '/metrics': { answer } }, settings: { max_connections: 1 } });
    const first = ask(url);
    await expect.poll(() => waiting.length).toBe(1);
    const { status, headers } = await ask(url, { connection: 'keep-alive' });
    expect([status, headers['retry-after'], headers.connection]).toEqual([503, '1', 'close']);
    waiting[0]?.();
    expect((await first).status).toBe(200);
    expect(lines.map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
      'warn: localhost:0: more clients than max_connections (1): closing idle or slow ones',
    ]);
  });

  it('share only answers of their variant', async () => {
    const { answer, waiting } = makeGate();
    const variant = ({ headers }: { headers: { accept?: string } }) => (headers.accept === 'b' ? 'b' : 'a');
    const { url } = await serveRoutes({ routes: { '/metrics': { answer, variant } } });
    const asked = Promise.all(['a', 'b', 'a', 'b'].map((accept) => ask(url, { accept })));
    const timer = setInterval(() => waiting.shift()?.(), 10);
    const bodies = (await asked).map(({ body }) => body.toString());
    clearInterval(timer);
    expect(bodies.map((body) => body[0])).toEqual(['a', 'b', 'a', 'b']);
  });

  it('have each coding made once', async () => {
    let taken = 0;
    function* pieces() {
      for (let index = 0; index < 10; index++) {
        taken++;
        yield Buffer.alloc(10_000, 'x');
      }
    }
    const begun = Promise.withResolvers<void>();
    const answer = async () => {
      await begun.promise;
      return { status: 200, contentType: 'text/plain', body: pieces() };
    };
    let arrived = 0;
    const variant = () => {
      arrived++;
      return '';
    };
    const { url } = await serveRoutes({ routes: { '/metrics': { answer, variant } } });
    const asked = [ask(url)];
    await expect.poll(() => arrived).toBe(1);
    for (let index = 0; index < 5; index++) asked.push(ask(url), ask(url, { 'accept-encoding': 'gzip' }));
    await expect.poll(() => arrived).toBe(11);
    begun.resolve();
    const answers = await Promise.all(asked);
    for (const { headers, body } of answers) {
      const whole = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      expect(whole.toString()).toBe('x'.repeat(100_000));
    }
    expect(answers.filter(({ headers }) => headers['content-encoding'] === 'gzip')).toHaveLength(5);
    expect(taken).toBe(20);
  });
});
