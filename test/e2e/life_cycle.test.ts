import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, MAIN, NODE, pipeline, ROOT } from '../support/agent.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { Namespace } from '../support/namespace.ts';
import { freePort, listen, portOf } from '../support/ports.ts';
import { programsOf, remainingPrograms } from '../support/programs.ts';
import { whyNotHere } from '../support/requirements.ts';

const COUNT = 'dropreason_drop_count_total';
/** An orderly end, as the agent promises it. */
const END_MILLIS = 5_000;

/** An OTLP endpoint that takes connections and never answers. */
async function silentPeer() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = await listen(resolve);
  return { server, endpoint: `127.0.0.1:${portOf(server)}`, connected: promise };
}

/** Every program that it held at some time of its short life. */
async function programsUntilEnd(agent: Agent): Promise<number[]> {
  const seen = new Set<number>();
  while (agent.process.exitCode === null) {
    for (const id of programsOf(agent.process.pid as number)) seen.add(id);
    await sleep(2);
  }
  return [...seen];
}

describe.skipIf(whyNotHere(['ip', 'taskset', 'setpriv', 'bpftool']) !== undefined)('the agent', () => {
  let namespace: Namespace;

  beforeAll(() => {
    namespace = new Namespace();
  });
  afterAll(() => namespace?.remove());

  const dropsHere = async (agent: Agent) =>
    sum(pick(await agent.scrape(), COUNT, { network_namespace_inode: String(namespace.inode) }));

  test('says what is attached, where to look and what to try', async () => {
    const agent = await Agent.start();
    expect(agent.output).toMatch(/^attached: kfree_skb \(tracepoint\)/m);
    expect(agent.output).toContain(`curl localhost:${agent.port}/metrics`);
    const programs = programsOf(agent.process.pid as number);
    expect(programs.length).toBeGreaterThan(0);
    expect(await agent.stop()).toMatchObject({ code: 0 });
    expect(await remainingPrograms(programs)).toEqual([]);
  });

  describe('ends with 0 within 5 s', () => {
    const npm = { command: ['npm', 'start'], verb: ['--'] };
    const direct = { command: [NODE, MAIN], verb: ['run'] };

    test.each([
      ['SIGTERM', 'directly', direct],
      ['SIGINT', 'directly', direct],
      ['SIGTERM', 'through npm start', npm],
      ['SIGINT', 'through npm start', npm],
    ] as const)('at a %s %s while its OTLP endpoint hangs', async (signal, _, options) => {
      const peer = await silentPeer();
      const otlp = { otlp_grpc: { endpoint: peer.endpoint, tls: { insecure: true }, timeout: '30s' } };
      const agent = await Agent.start({ exporters: otlp, receiver: { collection_interval: '1s' } }, options);
      try {
        await peer.connected;
        const { code, millis } = await agent.stop(signal);
        expect(code).toBe(0);
        expect(millis).toBeLessThan(END_MILLIS);
        await expect(fetch(`http://127.0.0.1:${agent.port}/metrics`)).rejects.toThrow();
      } finally {
        agent.kill();
        peer.server.close();
      }
    });

    test('at a SIGTERM during a reload, too', async () => {
      const peer = await silentPeer();
      const otlp = { otlp_grpc: { endpoint: peer.endpoint, tls: { insecure: true }, timeout: '30s' } };
      const agent = await Agent.start({ exporters: otlp, receiver: { collection_interval: '1s' } });
      try {
        await peer.connected;
        agent.signal('SIGHUP');
        await sleep(100);
        const { code, millis } = await agent.stop();
        expect(code).toBe(0);
        expect(millis).toBeLessThan(END_MILLIS);
      } finally {
        agent.kill();
        peer.server.close();
      }
    });

    test('while somebody holds a connection open', async () => {
      const health = await freePort();
      const agent = await Agent.start({ extensions: { health_check: { endpoint: `localhost:${health}` } } });
      const idle = await Promise.all([agent.port, health].map((port) => fetch(`http://127.0.0.1:${port}/`)));
      await Promise.all(idle.map((response) => response.text()));
      const { code, millis } = await agent.stop();
      expect(code).toBe(0);
      expect(millis).toBeLessThan(1_500);
    });
  });

  test('at a SIGHUP takes the new configuration, and no counter falls or misses a drop while packets are being dropped', async () => {
    const agent = await Agent.start();
    const flood = namespace.flood();
    try {
      let last = 0;
      for (let round = 0; round < 6; round++) {
        const prometheus = { resource_to_telemetry_conversion: { enabled: round % 2 === 0 } };
        agent.write(pipeline({ port: agent.port, prometheus }));
        const reloads = agent.output.split('configuration reloaded').length;
        agent.signal('SIGHUP');
        while (agent.output.split('configuration reloaded').length === reloads) {
          const now = await dropsHere(agent).catch(() => last); // the port is closed for a moment
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
          await sleep(5);
        }
        const now = await dropsHere(agent);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      flood.kill('SIGKILL');
      await sleep(200);
      const before = await dropsHere(agent);
      expect(before).toBeGreaterThan(0);
      const received = Number(/^Udp: \d+ (\d+)/m.exec(udp(namespace))?.[1]);
      expect(before).toBe(received);
    } finally {
      flood.kill('SIGKILL');
      await agent.stop();
    }
  });

  test('carries counters over a reload that replaces the receiver', async () => {
    const agent = await Agent.start();
    try {
      namespace.drop(15);
      const before = await dropsHere(agent);
      agent.write(pipeline({ port: agent.port, receiver: { collection_interval: '2h' } }));
      agent.signal('SIGHUP');
      await agent.said('configuration reloaded');
      namespace.drop(4);
      expect(await dropsHere(agent)).toBe(before + 4);
    } finally {
      await agent.stop();
    }
  });

  test('refuses a bad file at a SIGHUP, and goes on', async () => {
    const agent = await Agent.start();
    try {
      const before = await dropsHere(agent);
      agent.write('receivers: {dropreason: {colection_interval: 1s}}\n');
      agent.signal('SIGHUP');
      await agent.said('the new configuration is invalid, keeping the old one');
      expect(agent.output).toContain('receivers::dropreason::colection_interval');
      namespace.drop(6);
      expect(await dropsHere(agent)).toBe(before + 6);
    } finally {
      await agent.stop();
    }
  });

  test('goes back to the old configuration where the new one can not start', async () => {
    const taken = await listen();
    const agent = await Agent.start();
    try {
      const before = await dropsHere(agent);
      agent.write(pipeline({ port: portOf(taken) }));
      agent.signal('SIGHUP');
      await agent.said('returning to the old one');
      namespace.drop(6);
      expect(await dropsHere(agent)).toBe(before + 6);
    } finally {
      taken.close();
      await agent.stop();
    }
  });

  test('counts on where nobody reads its output any more, and the disk under its log is full', async () => {
    const port = await freePort();
    const own = { readers: [{ pull: { exporter: { prometheus: { port } } } }] };
    const agent = await Agent.start(
      {},
      {
        file: (main) => {
          const file = pipeline({
            port: main,
            receiver: { collection_interval: '1s' },
            exporters: { debug: { verbosity: 'detailed' } },
          });
          const telemetry = { logs: { output_paths: ['/dev/full', 'stderr'] }, metrics: own };
          return { ...file, service: { ...file.service, telemetry } };
        },
      },
    );
    try {
      agent.process.stdout?.destroy();
      agent.process.stderr?.destroy();
      const before = await dropsHere(agent);
      namespace.drop(6);
      const lost = async (name: string, labels: Record<string, string>) => sum(pick(await agent.scrape(port), name, labels));
      await expect
        .poll(() => lost('otelcol_exporter_send_failed_metric_points_total', { exporter: 'debug' }), { timeout: 10_000 })
        .toBeGreaterThan(0);
      agent.signal('SIGHUP');
      for (const path of ['/dev/full', 'stderr']) {
        await expect.poll(() => lost('dropreason_log_lost_total', { path }), { timeout: 10_000 }).toBeGreaterThan(0);
      }
      expect(await dropsHere(agent)).toBe(before + 6);
      expect(await agent.stop()).toMatchObject({ code: 0 });
    } finally {
      agent.kill();
    }
  });

  test('that can not start names the component, ends with 1 and leaves nothing attached', async () => {
    const taken = await listen();
    const agent = await Agent.spawn({ port: portOf(taken) });
    const programs = await programsUntilEnd(agent);
    expect(await agent.exit).toEqual({ code: 1, signal: null });
    expect(agent.output).toMatch(
      /^dropreason: exporters::prometheus: can't listen on localhost:\d+: another process uses port \d+/m,
    );
    expect(agent.output).not.toMatch(/^\s+at /m);
    expect(await remainingPrograms(programs)).toEqual([]);
    taken.close();
  });

  test('whose extension can not start had its receiver attached, and leaves nothing attached', async () => {
    const taken = await listen();
    const agent = await Agent.spawn({ extensions: { health_check: { endpoint: `127.0.0.1:${portOf(taken)}` } } });
    const programs = await programsUntilEnd(agent);
    expect(programs.length).toBeGreaterThan(0);
    expect(await agent.exit).toEqual({ code: 1, signal: null });
    expect(agent.output).toContain("extensions::health_check: can't listen on 127.0.0.1:");
    expect(await remainingPrograms(programs)).toEqual([]);
    taken.close();
  });

  test('answers health checks, and tells of itself', async () => {
    const [health, own] = [await freePort(), await freePort()];
    const agent = await Agent.start({
      extensions: { health_check: { endpoint: `localhost:${health}` } },
      metrics: { readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: own } } } }] },
    });
    try {
      const response = await fetch(`http://127.0.0.1:${health}/`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: 'Server available' });
      await agent.scrape();
      const series = await agent.scrape(own);
      const names = new Set(series.map(({ name }) => name));
      for (const name of ['dropreason_receiver_reads_total', 'dropreason_receiver_lost_total', 'otelcol_process_memory_rss'])
        expect(names).toContain(name);
      expect(pick(series, 'dropreason_receiver_hook_attached', { hook: 'kfree_skb' })).toMatchObject([{ value: 1 }]);
      expect(sum(pick(series, 'dropreason_receiver_reads_total'))).toBeGreaterThan(0);
    } finally {
      await agent.stop();
    }
  });

  test('goes on where its own telemetry can not listen', async () => {
    const taken = await listen();
    const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: portOf(taken) } } } };
    const agent = await Agent.start({ metrics: { readers: [reader] } });
    expect(agent.output).toMatch(/service::telemetry: can't listen on 127\.0\.0\.1:\d+/);
    expect((await agent.scrape()).length).toBeGreaterThan(0);
    expect(await agent.stop()).toMatchObject({ code: 0 });
    taken.close();
  });
});

describe('an older Node', () => {
  const old = '/usr/bin/node';
  const version = spawnSync(old, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const isOld = /^v(?:20|22)\./.test(version);

  test.skipIf(!isOld)('hands over to the packaged one, its output and exit code too', () => {
    const components = spawnSync(old, [MAIN, 'components'], { cwd: ROOT, encoding: 'utf8' });
    expect(components).toMatchObject({ status: 0, stderr: '' });
    expect(components.stdout).toMatch(/^receivers:/);
    expect(spawnSync(old, [MAIN, 'nonsense'], { cwd: ROOT }).status).toBe(2);
  });

  test.skipIf(!isOld || whyNotHere(['setpriv']) !== undefined)('hands signals on', async () => {
    const agent = await Agent.start({}, { command: [old, MAIN] });
    agent.signal('SIGHUP');
    await agent.said('configuration reloaded');
    expect(await agent.stop()).toMatchObject({ code: 0 });
  });
});

/** /proc/net/snmp of a namespace: of Udp, the second number is NoPorts. */
function udp({ name }: Namespace): string {
  return execFileSync('ip', ['netns', 'exec', name, 'cat', '/proc/net/snmp'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}
