import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, replaceCertificate } from '../support/certificates.ts';
import { Agent, type AgentPorts, agentConfig, type Config } from './agent.ts';
import { Collector } from './collector.ts';
import { Namespace } from './namespace.ts';
import { freePort } from './net.ts';
import { AGENT_MISSING, OTELCOL, PROMETHEUS, skipReason } from './peers.ts';
import { Prometheus } from './prometheus.ts';
import { waitFor } from './wait.ts';

/** Files that the test replaces while the agent and its peers run. */
class Files {
  readonly directory = mkdtempSync(join(tmpdir(), 'dropreason-secured-'));

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const JOBS = ['bearer', 'basic', 'mutual'] as const;

describe.skipIf(skipReason(AGENT_MISSING, PROMETHEUS.missing))('a Prometheus that scrapes over HTTPS', () => {
  const files = new Files();
  let namespace: Namespace;
  let agent: Agent;
  let prometheus: Prometheus;
  const ca = new Authority(files.directory, 'ca');
  const server = ca.issue('server');
  const clients = new Authority(files.directory, 'clients');
  const trusted = files.write('trusted.crt', ca.pem);
  const agentToken = files.write('agent-token', 'first-token\n');
  const scraperToken = files.write('scraper-token', 'first-token\n');

  function configure(agentPorts: AgentPorts, ports: Readonly<Record<(typeof JOBS)[number], number>>): Config {
    const tls = { cert_file: server.cert, key_file: server.key, reload_interval: '1s' };
    return agentConfig(agentPorts, {
      exporters: {
        'prometheus/bearer': { endpoint: `localhost:${ports.bearer}`, tls, auth: { authenticator: 'bearertokenauth' } },
        'prometheus/basic': { endpoint: `localhost:${ports.basic}`, tls, auth: { authenticator: 'basicauth' } },
        'prometheus/mutual': { endpoint: `localhost:${ports.mutual}`, tls: { ...tls, client_ca_file: clients.cert } },
      },
      extensions: {
        bearertokenauth: { filename: agentToken },
        basicauth: { htpasswd: { file: files.write('htpasswd', `prometheus:${hashSync('right', 10)}\n`) } },
      },
    });
  }

  beforeAll(async () => {
    namespace = await Namespace.create();
    const ports = { bearer: await freePort(), basic: await freePort(), mutual: await freePort() };
    agent = await Agent.start((agentPorts) => configure(agentPorts, ports));
    const { cert, key } = clients.issue('prometheus');
    const stranger = new Authority(files.directory, 'strangers').issue('prometheus');
    const job = (port: number, more: object, identity: object = {}) => ({
      scheme: 'https',
      static_configs: [{ targets: [`localhost:${port}`] }],
      tls_config: { ca_file: trusted, ...identity },
      ...more,
    });
    prometheus = await Prometheus.startJobs({
      bearer: job(ports.bearer, { authorization: { credentials_file: scraperToken } }),
      bearer_wrong: job(ports.bearer, { authorization: { credentials: 'wrong-token' } }),
      bearer_none: job(ports.bearer, {}),
      basic: job(ports.basic, { basic_auth: { username: 'prometheus', password: 'right' } }),
      basic_wrong: job(ports.basic, { basic_auth: { username: 'prometheus', password: 'wrong-password' } }),
      mutual: job(ports.mutual, {}, { cert_file: cert, key_file: key }),
      mutual_wrong: job(ports.mutual, {}, { cert_file: stranger.cert, key_file: stranger.key }),
      mutual_none: job(ports.mutual, {}),
      own: { static_configs: [{ targets: [`localhost:${agent.ports.own}`] }] },
    });
  });

  afterAll(async () => {
    await prometheus?.stop();
    await agent?.stop();
    await namespace?.remove();
    files.remove();
  });

  const drops = (job: string) =>
    prometheus.value(
      `sum(dropreason_drop_count_total{job="${job}", reason="NO_SOCKET", network_namespace_inode="${namespace.inode}"})`,
    );

  async function expectEverywhere(count: number): Promise<void> {
    for (const job of JOBS) await prometheus.nextScrapeOf(`job="${job}"`);
    expect(await Promise.all(JOBS.map(drops))).toEqual([count, count, count]);
  }

  test('with a token, a password or a certificate gets exactly what was dropped', async () => {
    for (const job of JOBS) await prometheus.nextScrapeOf(`job="${job}"`);
    await namespace.dropDatagrams(7);
    await expectEverywhere(7);
  });

  test('with a wrong one, or none, gets nothing', async () => {
    const errors = await prometheus.errors();
    expect(errors).toMatchObject({ bearer: '', basic: '', mutual: '', own: '' });
    for (const job of ['bearer_wrong', 'bearer_none', 'basic_wrong']) expect(errors[job], job).toMatch(/status (401|503)/);
    for (const job of ['mutual_wrong', 'mutual_none']) expect(errors[job], job).toMatch(/tls: |EOF|reset/);
    expect(await prometheus.query('dropreason_drop_count_total{job=~".*_wrong|.*_none"}')).toEqual([]);
  });

  test('is counted where it is refused, and logged once for each endpoint', async () => {
    await prometheus.nextScrapeOf('job="own"');
    const refused = (exporter: string, why: string) =>
      prometheus.value(`dropreason_http_refused_total{endpoint="exporters::prometheus/${exporter}", why="${why}"}`);
    expect(await refused('bearer', 'credentials')).toBeGreaterThan(2);
    expect(await refused('basic', 'credentials')).toBeGreaterThan(0);
    expect(await refused('mutual', 'tls')).toBeGreaterThan(2);
    expect(agent.log.match(/a client without valid credentials got status 401/g)).toHaveLength(2);
    expect(agent.log).not.toMatch(/wrong-token|wrong-password|first-token/);
  });

  test('trusts the next certificate, which the agent uses without a restart', async () => {
    const next = new Authority(files.directory, 'next');
    replaceCertificate(server, next.issue('server'));
    await waitFor('the agent to use the new certificate', () => (agent.log.split('have changed').length > 3 ? true : undefined));
    copyFileSync(next.cert, trusted);
    await namespace.dropDatagrams(30);
    await expectEverywhere(37);
  });

  test('has the next token at once', async () => {
    writeFileSync(agentToken, 'second-token\n');
    writeFileSync(scraperToken, 'second-token\n');
    await namespace.dropDatagrams(1);
    await expectEverywhere(38);
    expect((await prometheus.query('resets(dropreason_drop_count_total[5m]) > 0')).length).toBe(0);
  });
});

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing)).each(['otlp_grpc', 'otlp_http'] as const)(
  'a Collector that demands a token of %s',
  (type) => {
    test('gets every drop, also after the agent had another token', async () => {
      const files = new Files();
      const token = files.write('token', 'wrong-token');
      const collector = await Collector.start({ authorization: { scheme: 'Bearer', token: 'right-token' } });
      const namespace = await Namespace.create();
      const agent = await Agent.start((ports) =>
        agentConfig(ports, {
          exporters: {
            [type]: {
              endpoint: type === 'otlp_grpc' ? collector.secure : collector.https,
              tls: { ca_file: collector.ca },
              auth: { authenticator: 'bearertokenauth' },
            },
          },
          extensions: { bearertokenauth: { filename: token } },
        }),
      );
      try {
        await namespace.dropDatagrams(7);
        await waitFor('a refusal', () =>
          /can't push to .*(401|nauthenticated|authorization)/i.test(agent.log) ? true : undefined,
        );
        writeFileSync(token, 'right-token');
        await collector.exportOf(namespace, 7);
        expect(agent.log.match(/can't push to/g)).toHaveLength(1);
        expect(agent.log).toMatch(/pushes to .* succeed again/);
        expect(agent.log).not.toMatch(/wrong-token|right-token/);
      } finally {
        await agent.stop();
        await collector.stop();
        await namespace.remove();
        files.remove();
      }
    });
  },
);

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing)).each(['otlp_grpc', 'otlp_http'] as const)(
  'a Collector that demands a certificate of %s',
  (type) => {
    test('gets every drop of the agent that has one, and nothing without', async () => {
      const files = new Files();
      const clients = new Authority(files.directory, 'clients');
      const { cert, key } = clients.issue('agent');
      const collector = await Collector.start({ clientCa: clients.cert });
      const namespace = await Namespace.create();
      const endpoint = type === 'otlp_grpc' ? collector.secure : collector.https;
      const agent = await Agent.start((ports) =>
        agentConfig(ports, {
          exporters: {
            [type]: { endpoint, tls: { ca_file: collector.ca, cert_file: cert, key_file: key } },
            [`${type}/stranger`]: { endpoint, tls: { ca_file: collector.ca }, metric_names: 'retina' },
          },
        }),
      );
      try {
        await namespace.dropDatagrams(7);
        await collector.exportOf(namespace, 7);
        await waitFor('a refusal', () => (agent.log.includes("can't push to") ? true : undefined));
        const refused = agent.log.split('\n').filter((line) => line.includes("can't push to"));
        expect(refused).toEqual([expect.stringContaining(`${type}/stranger`)]);
        expect(
          collector.received().some(({ sums }) => [...sums.keys()].some((name) => name.includes('networkobservability'))),
        ).toBe(false);
      } finally {
        await agent.stop();
        await collector.stop();
        await namespace.remove();
        files.remove();
      }
    });
  },
);

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing))('a Collector that demands a password', () => {
  test('gets every drop', async () => {
    // What it compares is the whole header.
    const collector = await Collector.start({
      authorization: { scheme: 'Basic', token: Buffer.from('agent:right').toString('base64') },
    });
    const namespace = await Namespace.create();
    const agent = await Agent.start((ports) =>
      agentConfig(ports, {
        exporters: {
          otlp_http: { endpoint: collector.https, tls: { ca_file: collector.ca }, auth: { authenticator: 'basicauth' } },
        },
        extensions: { basicauth: { client_auth: { username: 'agent', password: 'right' } } },
      }),
    );
    try {
      await namespace.dropDatagrams(7);
      await collector.exportOf(namespace, 7);
    } finally {
      await agent.stop();
      await collector.stop();
      await namespace.remove();
    }
  });
});
