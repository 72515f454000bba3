import { get, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ComponentError } from '../../../src/component/errors.ts';
import { type HttpAnswer, HttpEndpoint } from '../../../src/metrics/http_endpoint.ts';

const open: HttpEndpoint[] = [];

async function serve(answer: () => HttpAnswer | Promise<HttpAnswer>, host = 'localhost', port = 0): Promise<HttpEndpoint> {
  const endpoint = new HttpEndpoint({
    endpoint: { host, port },
    configPath: 'exporters::prometheus::endpoint',
    routes: { '/metrics': answer },
  });
  open.push(endpoint);
  await endpoint.start();
  return endpoint;
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

  it('names the paths that there are where one asks for another', async () => {
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

  it('says which port is taken and which key to change', async () => {
    const { port } = await serve(text('hello'));
    const second = serve(text('hello'), 'localhost', port);
    await expect(second).rejects.toThrow(ComponentError);
    await expect(second).rejects.toThrow(
      `can't listen on localhost:${port}: another process has port ${port}; stop it, or set exporters::prometheus::endpoint to another`,
    );
  });

  it.skipIf(!hasIpv6)('leaves nothing listening where one of the two addresses is taken', async () => {
    const { port } = await serve(text('hello'), '::1');
    if (port === undefined) throw new Error('it listens and has no port');
    await expect(serve(text('hello'), 'localhost', port)).rejects.toThrow(`another process has port ${port}`);
    await expect(ask(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('ECONNREFUSED');
  });

  it('answers 500 with the reason where the answer fails', async () => {
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
    await new HttpEndpoint({ endpoint: { host: 'localhost', port: 0 }, configPath: '', routes: {} }).stop(0);
  });

  it('sends pieces as they are, or compressed, and none of them to who asks for the head', async () => {
    const pieces = Array.from({ length: 50 }, (_, index) => `${index} ${'é'.repeat(10_000)}\n`);
    const { port } = await serve(() => ({ status: 200, contentType: 'text/plain', body: pieces }));
    const url = `http://127.0.0.1:${port}/metrics`;
    const plain = await ask(url);
    expect(plain.body.toString()).toBe(pieces.join(''));
    expect(plain.headers['content-encoding']).toBeUndefined();
    const zipped = await ask(url, { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe(pieces.join(''));
    expect((await ask(url, {}, 'HEAD')).body).toHaveLength(0);
  });

  it('a peer that goes away in the middle ends the pieces, and the next one is answered', async () => {
    let made = 0;
    function* endless() {
      for (;;) yield `${made++} ${'x'.repeat(60_000)}\n`;
    }
    const { port } = await serve(() => ({ status: 200, contentType: 'text/plain', body: made === 0 ? endless() : ['done'] }));
    const url = `http://127.0.0.1:${port}/metrics`;
    await new Promise<void>((resolve) => {
      get(url, { agent: false }, (response) => {
        response.once('data', () => response.destroy());
        response.once('close', () => resolve());
      }).on('error', () => {});
    });
    await expect.poll(async () => (await ask(url)).body.toString()).toBe('done');
    const before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(made).toBe(before);
  });

  it('a piece that cannot be made breaks the answer off', async () => {
    function* failing() {
      yield 'a'.repeat(100_000);
      throw new Error('no more');
    }
    const { port } = await serve(() => ({ status: 200, contentType: 'text/plain', body: failing() }));
    const whole = fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
    await expect(whole).rejects.toThrow();
  });
});
