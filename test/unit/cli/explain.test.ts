import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cli } from '../../../src/cli/cli.ts';
import { factories } from '../../../src/components.ts';
import { Authority } from '../../support/certificates.ts';
import { freePort } from '../../support/ports.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A program that answers every request with this text; returns its port. */
async function answering(text: string, status = 200, tls?: ServerOptions): Promise<number> {
  const listener: RequestListener = (_, response) => response.writeHead(status).end(text);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  return (server.address() as AddressInfo).port;
}

async function explain(...argv: string[]) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const io = { stdout: (text: string) => void stdout.push(text), stderr: (text: string) => void stderr.push(text) };
  const code = await cli(['explain', ...argv], io);
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** A configuration with these prometheus exporters in its pipeline. */
function configOf(...ports: number[]): string {
  const ids = ports.map((_, index) => `prometheus/${index}`);
  const exporters = ids.map((id, index) => `  ${id}: {endpoint: "localhost:${ports[index]}"}\n`).join('');
  const path = join(scratchDirectory(), 'config.yaml');
  const pipeline = `{receivers: [dropreason], exporters: [debug${ids.map((id) => `, ${id}`).join('')}]}`;
  writeFileSync(
    path,
    `receivers: {dropreason: }\nexporters:\n  debug:\n${exporters}service: {telemetry: {metrics: {level: none}}, pipelines: {metrics: ${pipeline}}}\n`,
  );
  return path;
}

const OPENTELEMETRY = `# HELP dropreason_drop_count_total Packets
dropreason_drop_count_total{class="error",cpu="0",direction="ingress",reason="NO_SOCKET"} 20
dropreason_drop_count_total{class="error",cpu="1",direction="ingress",reason="NO_SOCKET"} 9
dropreason_drop_count_total{class="error",cpu="1",direction="forward",reason="NO_SOCKET"} 0
dropreason_drop_count_total{class="error",direction="ingress",reason="UDP_CSUM"} 500
dropreason_drop_count_total{class="call",direction="egress",error_type="ECONNREFUSED",reason="TCP_CONNECT_BASIC"} 9
dropreason_drop_count_total{class="call",direction="egress",error_type="ENETUNREACH",reason="TCP_CONNECT_BASIC"} 4
dropreason_drop_bytes_total{class="error",cpu="0",direction="ingress",reason="NO_SOCKET"} 1220
dropreason_receiver_lost_total{slot="nested"} 7
`;

const RETINA = `networkobservability_drop_count{direction="ingress",reason="NO_SOCKET"} 29
networkobservability_drop_count{direction="unknown",reason="NO_SOCKET"} 3
networkobservability_drop_bytes{direction="ingress",reason="NO_SOCKET"} 1220
`;

describe('the reason', () => {
  test.each([
    ['NO_SOCKET', 'NO_SOCKET'],
    ['no_socket', 'NO_SOCKET'],
    ['SKB_DROP_REASON_NO_SOCKET', 'NO_SOCKET'],
    ['IPTABLE_RULE_DROP', 'IPTABLE_RULE_DROP'],
    ['NETFILTER_DROP', 'IPTABLE_RULE_DROP'],
    ['skb_drop_reason_netfilter_drop', 'IPTABLE_RULE_DROP'],
    ['TCP_CLOSE', 'TCP_CLOSE_BASIC'],
    ['not_specified', 'UNKNOWN_DROP'],
    ['ovs_drop_meter', 'OVS_DROP_METER'],
  ])('%s is found as %s', async (given, found) => {
    const { code, stdout, stderr } = await explain(given, '--config', configOf());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(found);
  });

  test('is printed with its class, its meaning and what to look at', async () => {
    const { stdout } = await explain('netfilter_drop', '--config', configOf());
    expect(stdout).toMatch(/^ {2}class {4}policy: dropped by a rule$/m);
    expect(stdout).toMatch(/^ {2}kernel {3}SKB_DROP_REASON_NETFILTER_DROP$/m);
    expect(stdout).toMatch(/^ {2}meaning {2}A netfilter rule dropped/m);
    expect(stdout).toMatch(/^ {2}look at {2}`nft list ruleset`/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  test.each([
    ['NO_SOKET', /unknown reason "NO_SOKET"; did you mean NO_SOCKET\?\n$/],
    ['netfilter_dorp', /did you mean NETFILTER_DROP\?\n$/],
    ['zebra', /unknown reason "zebra"; run dropreason explain for a list\n$/],
    ['', /unknown reason ""/],
  ])('%s is unknown: wrong usage', async (given, said) => {
    const { code, stdout, stderr } = await explain(given);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
  });

  test('if omitted, all are listed with their class', async () => {
    const { code, stdout } = await explain();
    const lines = stdout.trimEnd().split('\n');
    const known = await factories.receivers[0]?.explain?.();
    expect(code).toBe(0);
    expect(lines).toHaveLength(known?.length ?? 0);
    expect(lines.length).toBeGreaterThan(150);
    expect(stdout).toMatch(/^NO_SOCKET +error +No socket accepts the packet: [^.]*\.$/m);
  });
});

describe('counts of this node', () => {
  const here = (stdout: string) => stdout.slice(stdout.indexOf('  here')).trimEnd();

  test('are summed by direction, whatever other labels the series have', async () => {
    const config = configOf(await answering(OPENTELEMETRY));
    expect(here((await explain('NO_SOCKET', '--config', config)).stdout)).toBe('  here     ingress 29, 1220 bytes');
    expect(here((await explain('TCP_CONNECT_BASIC', '--config', config)).stdout)).toBe('  here     egress 13');
  });

  test("by Retina's names too, also in a namespace", async () => {
    const { stdout } = await explain('NO_SOCKET', '--config', configOf(await answering(RETINA)));
    const named = await explain('NO_SOCKET', '--config', configOf(await answering(RETINA.replaceAll(/^/gm, 'node_'))));
    for (const each of [stdout, named.stdout]) expect(here(each)).toBe('  here     ingress 29, 1220 bytes\n           unknown 3');
  });

  describe('of an agent that speaks HTTPS', () => {
    const withTls = async (...sets: string[]) => {
      const { cert, key } = new Authority(scratchDirectory(), 'ca').issue('server');
      const port = await answering(OPENTELEMETRY, 200, { cert: readFileSync(cert), key: readFileSync(key) });
      const tls = [`cert_file=${cert}`, `key_file=${key}`, ...sets].flatMap((set) => [
        '--set',
        `exporters::prometheus/0::tls::${set}`,
      ]);
      return here((await explain('NO_SOCKET', '--config', configOf(port), ...tls)).stdout);
    };

    test('are read whatever its certificate is', async () => {
      expect(await withTls()).toBe('  here     ingress 29, 1220 bytes');
    });

    test('and wants a certificate of its clients are not, and a line says so', async () => {
      const said = (await withTls('client_ca_file=/etc/ca.crt')).replace(/\s+/g, ' ');
      expect(said).toMatch(
        /no counts: https:\/\/localhost:\d+\/metrics requires a client certificate, which this command does not have/,
      );
    });
  });

  test('none yet is reported with the URL', async () => {
    const port = await answering(OPENTELEMETRY);
    const { code, stdout } = await explain('QDISC_DROP', '--config', configOf(port));
    expect(code).toBe(0);
    expect(here(stdout)).toBe(`  here     none counted yet, according to http://localhost:${port}/metrics`);
  });

  test('come from the first endpoint that is an agent', async () => {
    const [nobody, other, broken, agent] = [
      await freePort(),
      await answering('node_load1 3\n'),
      await answering(OPENTELEMETRY, 500),
      await answering(RETINA),
    ];
    const { stdout } = await explain('NO_SOCKET', '--config', configOf(nobody, other, broken, agent));
    expect(here(stdout)).toContain('ingress 29');
  });

  test.each([
    [
      'without an agent',
      async () => configOf(await freePort()),
      /no counts: no agent answers at http:\/\/localhost:\d+\/metrics/,
    ],
    ['without a prometheus exporter', async () => configOf(), /no counts: the configuration has no exporter/],
  ])('%s: a line says so', async (_, config, said) => {
    const { code, stdout, stderr } = await explain('NO_SOCKET', '--config', await config());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(here(stdout)).toMatch(said);
  });

  test('an exporter that no pipeline uses is not asked', async () => {
    const config = configOf(await answering(OPENTELEMETRY));
    const { stdout } = await explain('NO_SOCKET', '--config', config, '--set', 'service.pipelines.metrics.exporters=[debug]');
    expect(here(stdout)).toMatch(/no counts: the configuration has no exporter/);
  });

  test('a missing default configuration only costs the counts; one that was given is an error', async () => {
    const root = process.cwd();
    process.chdir(scratchDirectory());
    try {
      const { code, stdout } = await explain('NO_SOCKET');
      expect(code).toBe(0);
      expect(here(stdout)).toContain("no counts: otel-collector.yaml can't be used");
    } finally {
      process.chdir(root);
    }
    const named = await explain('NO_SOCKET', '--config', '/nowhere/config.yaml');
    expect(named).toMatchObject({ code: 1, stdout: '' });
    expect(named.stderr).toContain('/nowhere/config.yaml');
  });

  test.each([
    ['"0.0.0.0:9464"', 'http://localhost:9464/metrics'],
    ['":9464"', 'http://localhost:9464/metrics'],
    ['"[::]:9464"', 'http://localhost:9464/metrics'],
    ['"[::1]:80"', 'http://[::1]:80/metrics'],
    ['"192.0.2.1:9464"', 'http://192.0.2.1:9464/metrics'],
  ])('an endpoint of %s is asked at %s', (endpoint, url) => {
    const factory = factories.exporters.find(({ type }) => type === 'prometheus');
    expect(factory?.scrapeTarget?.(factory.schema.parse({ endpoint: JSON.parse(endpoint) }))).toEqual({ url, requires: [] });
  });
});
