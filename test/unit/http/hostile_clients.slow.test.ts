import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { askAndNeverRead, dial, dialAll, fetchTimed, GET, hangUp } from '../../support/scrape_server/clients.ts';
import { ScrapeServer } from '../../support/scrape_server/scrape_server.ts';

/** Beside any of these, a well-behaved client is answered within a second. */
const ANSWER_MILLIS = 1_000;
/** An end within 5 s is promised. The clients here must leave time for everything else that ends. */
const END_MILLIS = 2_500;
const PARTIAL = 'GET /metrics HTTP/1.1\r\nHost: a\r\n';

const servers: ScrapeServer[] = [];
const clients: Socket[] = [];

afterEach(async () => {
  hangUp(clients.splice(0));
  await Promise.all(servers.splice(0).map((server) => server.end()));
});

async function serve(settings: object = {}, series = 10_000): Promise<ScrapeServer> {
  const server = await ScrapeServer.start({ settings, series });
  servers.push(server);
  // Exclude memory that is compiled and allocated once.
  for (let round = 0; round < 5; round++) await scrape(server);
  return server;
}

const scrape = ({ metricsPort }: ScrapeServer) => fetchTimed(metricsPort, '/metrics', { 'accept-encoding': 'gzip' });

/** Scrapes and health checks for some seconds. All are answered, at least half within a second even on a busy machine. */
async function expectGoodService(server: ScrapeServer, rounds = 10): Promise<void> {
  const millis: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all([scrape(server), fetchTimed(server.healthPort, '/')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    millis.push(...answers.map((answer) => answer.millis));
    await sleep(100);
  }
  millis.sort((a, b) => a - b);
  expect(millis[millis.length >> 1]).toBeLessThan(ANSWER_MILLIS);
}

function keep<T extends Socket | Socket[]>(opened: T): T {
  clients.push(...[opened].flat());
  return opened;
}

/** Resolves when the server has closed all of them. They must be reading. */
const allClosed = (sockets: readonly Socket[]) =>
  expect.poll(() => sockets.filter(({ closed }) => !closed).length, { timeout: 20_000 }).toBe(0);

const logOf = async (server: ScrapeServer) => (await server.ask('state')).log.join('\n');

describe('a good client is served beside', () => {
  it('twenty connections with 20,000 requests each in one go, which are closed', async () => {
    const server = await serve();
    const { made } = await server.ask('state');
    const sockets = keep(await dialAll(20, server.metricsPort));
    for (const socket of sockets) socket.resume().write(GET.repeat(20_000));
    await expectGoodService(server);
    await allClosed(sockets);
    expect(await logOf(server)).toContain(
      'warn: 127.0.0.1:0: disconnected a client that sent too many requests without waiting for responses',
    );
    expect((await server.ask('state')).made - made).toBeLessThan(20);
  });

  it('300 that ask and never read, and memory is where it was', async () => {
    const server = await serve();
    const before = await server.ask('state');
    keep(await askAndNeverRead(300, server.metricsPort));
    await expectGoodService(server);
    // A text for each would be a gigabyte.
    expect((await server.ask('state')).rss - before.rss).toBeLessThan(50e6);
    hangUp(clients.splice(0));
    await expectGoodService(server, 5);
    expect((await server.ask('state')).rss - before.rss).toBeLessThan(50e6);
  });

  it('a thousand whose headers never end, and closes them', async () => {
    const server = await serve({ read_header_timeout: '2s' });
    const sockets = keep(await dialAll(1_000, server.metricsPort));
    for (const socket of sockets) socket.resume().write(PARTIAL);
    const timer = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('X-a: b\r\n');
    }, 500);
    try {
      await expectGoodService(server);
      await allClosed(sockets);
    } finally {
      clearInterval(timer);
    }
    expect(await logOf(server)).toContain('more clients than max_connections (256)');
  });

  it('some that read a byte a second, and disconnects them', async () => {
    const server = await serve({ write_timeout: '3s', max_unsent_megabytes: 1_000 });
    // Together more than the system buffers for a client that doesn't read.
    const sockets = keep(await askAndNeverRead(20, server.metricsPort, GET.repeat(8)));
    const timer = setInterval(() => {
      for (const socket of sockets) socket.read(1);
    }, 1_000);
    try {
      await expectGoodService(server);
      await expect
        .poll(() => logOf(server), { timeout: 20_000 })
        .toMatch(/disconnected a client that had not read its response after [13] s/);
      // A client that reads before the server gives it up gets its responses and stays.
      await sleep(6_000);
      for (const socket of sockets) socket.resume();
      await allClosed(sockets);
    } finally {
      clearInterval(timer);
    }
  });

  it('200 scrapes at once, which share texts and are all answered', async () => {
    const server = await serve();
    const { made } = await server.ask('state');
    const scrapes = Promise.all(Array.from({ length: 200 }, () => scrape(server)));
    await fetchTimed(server.healthPort, '/');
    const answers = await scrapes;
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200);
    expect((await server.ask('state')).made - made).toBeLessThan(50);
  });
});

describe('a client', () => {
  it('that reads slowly, but reads, gets all of it', async () => {
    const server = await serve({ write_timeout: '9s' });
    const socket = keep(await dial(server.metricsPort));
    socket.pause().write(GET);
    let bytes = 0;
    let length: number | undefined;
    while (length === undefined || bytes < length) {
      await sleep(50);
      const chunk: Buffer | null = socket.read();
      if (chunk === null) continue;
      length ??= headerBytes(chunk) + Number(/content-length: (\d+)/i.exec(chunk.toString('latin1'))?.[1]);
      bytes += chunk.length;
    }
    expect(bytes).toBe(length);
    expect(length).toBeGreaterThan(3e6);
  });

  it('that pipelines a few requests gets the answers in order', async () => {
    const server = await serve({}, 1);
    const socket = keep(await dial(server.healthPort));
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString();
    });
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(10));
    await expect.poll(() => text.match(/HTTP\/1\.1 \d+/g)?.length).toBe(20);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(Array.from({ length: 10 }, () => ['HTTP/1.1 200', 'HTTP/1.1 404']).flat());
  });

  it.each([
    ['noise', '\0\x01\x02\r\n\r\n', 400],
    ['a method that is none', 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a method that is not for here', 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['64 kB of headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['a body that never comes', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n', 200],
    ['a question before its body', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n', 200],
  ])('that sends %s gets its status, and others are served', async (_, text, status) => {
    const server = await serve({}, 1);
    const socket = keep(await dial(server.healthPort));
    let answer = '';
    socket.on('data', (data: Buffer) => {
      answer += data.toString();
    });
    socket.write(text);
    if (status !== 405) await allClosed([socket]);
    await expect.poll(() => answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await fetchTimed(server.healthPort, '/')).status).toBe(200);
  });
});

describe('the end is not held up by', () => {
  it.each([
    ['clients that never read', (port: number) => askAndNeverRead(20, port)],
    ['clients that never end their headers', (port: number) => askAndNeverRead(20, port, PARTIAL)],
    ['clients that send requests on and on', (port: number) => askAndNeverRead(5, port, GET.repeat(30))],
    ['clients that never end their body', (port: number) => askAndNeverRead(20, port, `${PARTIAL}Content-Length: 9\r\n\r\n`)],
    ['clients that send nothing', (port: number) => dialAll(20, port)],
  ])('%s', async (_, attack) => {
    const server = await serve();
    keep(await attack(server.metricsPort));
    await scrape(server);
    expect((await server.ask('stop')).stopMillis).toBeLessThan(END_MILLIS);
    await expect(fetchTimed(server.metricsPort, '/metrics')).rejects.toThrow('ECONNREFUSED');
  });
});

/** The length of the headers, including the empty line. */
function headerBytes(chunk: Buffer): number {
  return chunk.indexOf('\r\n\r\n') + 4;
}
