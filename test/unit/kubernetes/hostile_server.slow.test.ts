import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fault } from '../../support/kube_api/fake_kube_api.ts';
import { type Follower, follow, pod } from '../../support/kube_api/follower.ts';

const until = (what: () => void) => vi.waitFor(what, { timeout: 20_000, interval: 5 });
const watching = ({ api }: Follower) => until(() => expect(api.watches()).toBe(1));
const errors = ({ lines }: Follower) => lines.filter(({ level }) => level === 'error').map(({ msg }) => msg);

type Answer = Extract<Fault, { kind: 'answer' }>;

const answer = (body: Answer['body'], headers?: Answer['headers']) =>
  ({ kind: 'answer', body, ...(headers && { headers }) }) as const;
const text = (body: string, headers?: Answer['headers']) => answer(() => [body], headers);

function* endless(chunk: string): Generator<Buffer> {
  const bytes = Buffer.from(chunk);
  for (;;) yield bytes;
}

const item = (uid: string) => JSON.stringify({ metadata: { uid, name: uid, resourceVersion: '1' } });

function* endlessItems(): Generator<string> {
  yield '{"metadata":{"resourceVersion":"5"},"items":[';
  for (let at = 0; ; at += 1) yield `${item(`${at}`)},`;
}

const LIMITS = { max_objects: 5_000, max_object_bytes: 100_000, max_page_bytes: 1_000_000 };

/** Responses to a list, and the expected message. */
const LISTS: Readonly<Record<string, readonly [fault: Answer, why: RegExp]>> = {
  'a page of HTML': [text('<html>busy</html>', { 'content-type': 'text/html' }), /returned text\/html, not JSON/],
  'HTML that says it is JSON': [text('<html>busy</html>'), /not a list of Kubernetes objects/],
  'no content type': [text('{}', { 'content-type': '' }), /returned no content type, not JSON/],
  protobuf: [text('k8s\0', { 'content-type': 'application/vnd.kubernetes.protobuf' }), /protobuf, not JSON/],
  nothing: [text(''), /not a list of Kubernetes objects/],
  'half a list': [text(`{"metadata":{"resourceVersion":"5"},"items":[${item('a')},`), /response ends within the list/],
  'no resourceVersion': [text('{"metadata":{},"items":[]}'), /not a list of Kubernetes objects/],
  'an empty resourceVersion': [text('{"metadata":{"resourceVersion":""},"items":[]}'), /not a list of Kubernetes objects/],
  'no metadata': [text('{"metadata":null,"items":[]}'), /not a list of Kubernetes objects/],
  'no items': [text('{"metadata":{"resourceVersion":"5"}}'), /not a list of Kubernetes objects/],
  'items that are no objects': [text('{"metadata":{"resourceVersion":"5"},"items":[1,2]}'), /not a list of Kubernetes objects/],
  'another document': [text('{"kind":"Status","status":"Success"}'), /not a list of Kubernetes objects/],
  gzip: [
    answer(() => [gzipSync(Buffer.alloc(50_000_000, ' '))], { 'content-encoding': 'gzip' }),
    /returned gzip encoding, which was not requested/,
  ],
};

/** The same for responses beyond the limits. */
const TOO_LARGE: Readonly<Record<string, readonly [fault: Answer, why: RegExp]>> = {
  'objects without end': [answer(endlessItems), /more than 5000 objects of interest \(limits::max_objects\)|max_page_bytes/],
  'small objects without end': [
    answer(function* () {
      yield '{"metadata":{"resourceVersion":"5"},"items":[';
      for (let at = 0; ; at += 1) yield `{"metadata":{"uid":"${at}"}},`;
    }),
    /limits::max_objects/,
  ],
  'an object without end': [
    answer(function* () {
      yield '{"items":[{"a":"';
      yield* endless('x'.repeat(10_000));
    }),
    /an object has more than 100000 bytes \(limits::max_object_bytes\)/,
  ],
  'metadata without end': [
    answer(function* () {
      yield '{"metadata":{"a":"';
      yield* endless('x'.repeat(10_000));
    }),
    /the metadata of a list has more than 100000 bytes/,
  ],
  'objects that are not of interest, without end': [
    answer(function* () {
      yield '{"items":[';
      yield* endless('{"metadata":{"uid":"x","labels":{"ignored":"true"}}},');
    }),
    /a page has more than 1000000 bytes \(limits::max_page_bytes\)/,
  ],
  'empty space without end': [answer(() => endless(' '.repeat(10_000))), /limits::max_/],
};

describe('a list is answered with', () => {
  test.each(Object.entries(LISTS))('%s: what was known stands, and it is asked for again', async (_, [fault, why]) => {
    const follower = await follow(['a']);
    await watching(follower);
    follower.api.fault({ ...fault, verb: 'list' });
    follower.api.fault({ kind: 'gone', as: 'status', times: 1 });
    follower.api.closeWatches();
    await until(() => expect(follower.listWatch.state().why).toMatch(why));
    expect(follower.listWatch.state().state).toBe('retrying');
    expect(follower.told).toEqual(['replaced 1']);
    follower.api.heal();
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
  });

  test.each(Object.entries(TOO_LARGE))('%s: that is said, and which limit it is', async (_, [fault, why]) => {
    const follower = await follow(['a'], { limits: LIMITS, prepare: (api) => api.fault({ ...fault, verb: 'list' }) });
    await until(() => expect(follower.listWatch.state().why).toMatch(why));
    await until(() => expect(errors(follower)).toHaveLength(1));
    expect(errors(follower)[0]).toMatch(
      /^can't list pods: .*; raise the limit if the cluster is that large; no objects known yet$/,
    );
    follower.api.heal();
    await follower.listWatch.synced;
    expect(follower.names()).toEqual(['a']);
  });

  test('pages without end', async () => {
    let page = 0;
    const body = () => {
      const items = Array.from({ length: 500 }, (_, at) => item(`${page}-${at}`));
      page += 1;
      return [`{"metadata":{"resourceVersion":"5","continue":"${page}"},"items":[${items.join(',')}]}`];
    };
    const follower = await follow([], { limits: LIMITS, prepare: (api) => api.fault({ ...answer(body), verb: 'list' }) });
    await until(() => expect(follower.listWatch.state().why).toMatch(/limits::max_objects/));
  });

  test('objects without uid or metadata: the others are known, and it is said once', async () => {
    const items = [item('a'), '{}', '{"metadata":null}', '{"metadata":{"uid":7}}', '{"metadata":{"name":"x"}}', item('b')];
    const body = `{"metadata":{"resourceVersion":"5"},"items":[${items.join(',')}]}`;
    const follower = await follow([], { prepare: (api) => api.fault({ ...text(body), verb: 'list', times: 1 }) });
    await follower.listWatch.synced;
    expect(follower.names()).toEqual(['a', 'b']);
    expect(follower.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
      "skipped one of pods that can't be read: it has no uid (logged once)",
    ]);
  });

  test('a uid twice: it is one object, as it was last', async () => {
    const twice = ['first', 'last'].map((name) => JSON.stringify({ metadata: { uid: 'a', name, resourceVersion: '1' } }));
    const body = `{"metadata":{"resourceVersion":"5"},"items":[${twice.join(',')}]}`;
    const follower = await follow([], { prepare: (api) => api.fault({ ...text(body), verb: 'list', times: 1 }) });
    await follower.listWatch.synced;
    expect(follower.names()).toEqual(['last']);
  });
});

describe('a watch brings', () => {
  const event = (type: unknown, object: unknown) => `${JSON.stringify({ type, object })}\n`;
  const added = (uid: string) => event('ADDED', { metadata: { uid, name: uid, resourceVersion: '9999' } });

  const WATCHES: Readonly<Record<string, readonly [fault: Answer, why: RegExp]>> = {
    'a page of HTML': [text('<html>', { 'content-type': 'text/html' }), /returned text\/html, not JSON/],
    'no JSON': [text('<html>\n'), /a watch event is not JSON/],
    'an unknown type': [text(event('RENAMED', { metadata: { uid: 'x' } })), /the unknown type RENAMED/],
    'no type': [text(event(undefined, {})), /a watch event has no type/],
    'half an event': [text('{"type":"ADDED","object":{'), /ends within an event/],
    'a line without end': [answer(() => endless('x'.repeat(10_000))), /an event has more than 100000 bytes/],
    gzip: [answer(() => [gzipSync('')], { 'content-encoding': 'gzip' }), /returned gzip encoding/],
    'new objects without end': [
      answer(function* () {
        for (let at = 0; ; at += 1) yield added(`${at}`);
      }),
      /limits::max_objects/,
    ],
  };

  test.each(Object.entries(WATCHES))('%s: it goes on from where it was', async (name, [fault, why]) => {
    const follower = await follow(['a'], { limits: LIMITS });
    await watching(follower);
    follower.api.fault({ ...fault, verb: 'watch' });
    follower.api.closeWatches();
    await until(() => expect(follower.listWatch.state().why).toMatch(why));
    expect(follower.known.size).toBe(name.startsWith('new objects') ? 5_000 : 1);
    follower.api.heal();
    if (name.startsWith('new objects')) return;
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
  });

  test('objects without metadata or uid: they change nothing', async () => {
    const lines = [
      event('ADDED', {}),
      event('DELETED', { metadata: {} }),
      event('MODIFIED', null),
      event('BOOKMARK', {}),
      added('b'),
    ];
    const follower = await follow(['a'], { prepare: (api) => api.fault({ ...text(lines.join('')), verb: 'watch', times: 1 }) });
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
    expect(follower.told).toEqual(['replaced 1', 'set b']);
  });
});

test('an error page without end is not read to its end', async () => {
  const follower = await follow(['a'], {
    prepare: (api) => {
      const status = { ...answer(() => endless('no '.repeat(1_000))), status: 502, verb: 'list', times: 1 } as const;
      api.fault(status);
    },
  });
  await until(() => expect(follower.names()).toEqual(['a']));
});

test('discarded input takes no memory: 110 pods of 1 MB each', async () => {
  const padding = JSON.stringify('x'.repeat(1_000_000));
  const body = function* () {
    yield '{"metadata":{"resourceVersion":"1000"},"items":[';
    for (let at = 0; at < 110; at += 1) {
      yield `${at === 0 ? '' : ','}{"metadata":{"uid":"${at}","name":"pod-${at}","annotations":{"a":${padding}}}}`;
    }
    yield ']}';
  };
  const before = process.memoryUsage();
  let most = 0;
  const follower = await follow([], { prepare: (api) => api.fault({ ...answer(body), verb: 'list', times: 1 }) });
  const clock = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
  }, 2);
  await follower.listWatch.synced;
  clearInterval(clock);
  expect(follower.known.size).toBe(110);
  // The server's side is in this process too.
  expect(most).toBeLessThan(80_000_000);
});

describe('stop ends within the 5 seconds that are promised', () => {
  test.each([
    ['a list without end', { ...answer(endlessItems), verb: 'list' }],
    ['a list that is never answered', { kind: 'half_open', verb: 'list' }],
    ['an event without end', { ...answer(() => endless('x')), verb: 'watch' }],
    ['a watch that is closed at once', { kind: 'close' }],
    ['an answer of 503', { kind: 'status', code: 503, retryAfterSeconds: 100 }],
  ] as const)('%s', async (_, fault) => {
    const limits = { max_objects: 10_000_000, max_object_bytes: 1_000_000_000, max_page_bytes: 100_000_000_000 };
    const { api, listWatch } = await follow(['a'], { limits, turnMillis: 100, prepare: (it) => it.fault(fault) });
    await until(() => expect(api.requests.some(({ verb }) => !('verb' in fault) || verb === fault.verb)).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    await listWatch.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
    // Node's TLS server doesn't notice that a blocked peer has gone.
    if (fault.kind !== 'answer') await until(() => expect(api.connections).toBe(0));
  });

  test('a TLS handshake that is never answered', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const follower = await follow([], { port: (server.address() as AddressInfo).port });
    await until(() => expect(sockets.size).toBe(1));
    const began = performance.now();
    await follower.listWatch.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
