import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../../../src/component/host.ts';
import { serverSettings } from '../../../../src/component/server_settings.ts';
import { configSchema } from '../../../../src/exporters/prometheus/config.ts';
import { PrometheusExporter } from '../../../../src/exporters/prometheus/exporter.ts';
import { prometheusFactory } from '../../../../src/exporters/prometheus/factory.ts';
import { batch, makeHost, makeService, row, ruleDrop } from '../../metrics/fixtures.ts';

const running: PrometheusExporter[] = [];

async function start(given: object, { settings } = makeService(), host: Host = makeHost()) {
  const exporter = new PrometheusExporter(settings('prometheus'), configSchema.parse({ endpoint: 'localhost:0', ...given }));
  running.push(exporter);
  await exporter.start(host);
  return exporter;
}

const scrape = async (exporter: PrometheusExporter, headers: Record<string, string> = {}) =>
  (await fetch(`http://127.0.0.1:${exporter.port}/metrics`, { headers })).text();

const LIVE = batch(
  [
    ruleDrop(3, 252),
    row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ECONNREFUSED' }, 2),
    row({ reason: 'NO_SOCKET', direction: 'forward', class: 'error', 'network.interface.name': 'we"ird\\' }, 5, 500),
  ],
  {
    losses: [{ slot: 'nested', count: 0 }],
    hooks: [{ hook: 'nat', attached: false, rung: 'none', why: 'fexit is refused: EPERM "not permitted"', detail: '' }],
  },
);

afterEach(async () => {
  await Promise.all(running.splice(0).map((exporter) => exporter.shutdown(0)));
});

describe('PrometheusExporter', () => {
  it('shows drops, losses, hooks and target_info', async () => {
    const exporter = await start({});
    exporter.consume(LIVE);
    const lines = (await scrape(exporter)).split('\n');
    expect(lines).toContain('dropreason_drop_count_total{class="policy",direction="ingress",reason="IPTABLE_RULE_DROP"} 3');
    expect(lines).toContain('dropreason_drop_bytes_total{class="policy",direction="ingress",reason="IPTABLE_RULE_DROP"} 252');
    expect(lines).toContain(
      'dropreason_drop_count_total{class="call",direction="egress",error_type="ECONNREFUSED",reason="TCP_CONNECT_BASIC"} 2',
    );
    expect(lines).toContain('dropreason_receiver_lost_total{slot="nested"} 0');
    expect(lines).toContain(
      'dropreason_receiver_hook_attached{hook="nat",rung="none",why="fexit is refused: EPERM \\"not permitted\\""} 0',
    );
    expect(lines).toContain('target_info{service_name="dropreason",host_name="node-1"} 1');
  });

  it('passes promtool check metrics', async (context) => {
    if (spawnSync('promtool', ['--version']).error !== undefined) context.skip('promtool is not installed');
    const exporter = await start({});
    exporter.consume(LIVE);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await scrape(exporter),
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('shows Retina’s gauges with metric_names: retina', async () => {
    const exporter = await start({ metric_names: 'retina' });
    exporter.consume(LIVE);
    const text = await scrape(exporter);
    expect(text).toContain('# TYPE networkobservability_drop_count gauge\n');
    expect(text).toContain('\nnetworkobservability_drop_count{direction="ingress",reason="IPTABLE_RULE_DROP"} 3\n');
    expect(text).toContain('\nnetworkobservability_drop_bytes{direction="unknown",reason="NO_SOCKET"} 500\n');
    expect(text).not.toMatch(/networkobservability\w*_total/);
    expect(text).toContain('# TYPE dropreason_receiver_lost_total counter\n');
  });

  it('puts the resource on every series where it is asked to', async () => {
    const exporter = await start({ resource_to_telemetry_conversion: { enabled: true } });
    exporter.consume(batch([ruleDrop(1, 84)]));
    expect(await scrape(exporter)).toContain('reason="IPTABLE_RULE_DROP",service_name="dropreason",host_name="node-1"} 1\n');
  });

  it.each(['opentelemetry', 'retina'])('puts constant labels on every series, names of %s', async (metric_names) => {
    const exporter = await start({ metric_names, const_labels: { cluster: 'east', env: 'prod' } });
    exporter.consume(LIVE);
    const samples = (await scrape(exporter)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const [target, ...others] = samples;
    expect(target).toBe('target_info{service_name="dropreason",host_name="node-1"} 1');
    expect(others.length).toBeGreaterThan(5);
    for (const sample of others) expect(sample).toMatch(/[{,]cluster="east",env="prod"\} \d+$/);
  });

  it.each(['opentelemetry', 'retina'])('puts a namespace before every name, names of %s', async (metric_names) => {
    const exporter = await start({ metric_names, namespace: 'node' });
    const plain = await start({ metric_names });
    for (const each of [exporter, plain]) each.consume(LIVE);
    const accept = 'application/openmetrics-text;version=1.0.0';
    for (const headers of [undefined, { accept }]) {
      const expected = (await scrape(plain, headers)).replace(/^(# (?:HELP|TYPE|UNIT) |(?!#))(?=\w)/gm, '$1node_');
      expect(await scrape(exporter, headers)).toBe(expected);
      expect(expected).toMatch(/^node_target_info\{/m);
    }
    expect(prometheusFactory.schema.safeParse({ namespace: '1' }).success).toBe(false);
  });

  it('waits for a read that begins after the scrape', async () => {
    const reads: (() => void)[] = [];
    const exporter = await start(
      {},
      makeService(),
      makeHost(() => new Promise((resolve) => reads.push(resolve))),
    );
    exporter.consume(batch([ruleDrop(1, 84)]));
    const scraped = scrape(exporter);
    await expect.poll(() => reads.length).toBe(1);
    exporter.consume(batch([ruleDrop(41, 84)]));
    reads[0]?.();
    expect(await scraped).toContain('reason="IPTABLE_RULE_DROP"} 42\n');
  });

  it('lets no counter fall at a reload, though the names change and change back', async () => {
    const service = makeService();
    for (const [names, shown] of [
      ['opentelemetry', 'dropreason_drop_count_total{class="policy",direction="ingress",reason="IPTABLE_RULE_DROP"} 3'],
      ['retina', 'networkobservability_drop_count{direction="ingress",reason="IPTABLE_RULE_DROP"} 6'],
      ['opentelemetry', 'dropreason_drop_count_total{class="policy",direction="ingress",reason="IPTABLE_RULE_DROP"} 9'],
    ] as const) {
      const exporter = await start({ metric_names: names }, service);
      exporter.consume(batch([ruleDrop(3, 252)]));
      expect(await scrape(exporter)).toContain(`\n${shown}\n`);
      await exporter.shutdown(1000);
    }
  });

  it('counts the points that it sent', async () => {
    const service = makeService();
    const exporter = await start({}, service);
    exporter.consume(batch([ruleDrop(1, 84)]));
    expect(await service.own('otelcol_exporter_sent_metric_points')).toEqual([
      { attributes: { exporter: 'prometheus' }, value: 0 },
    ]);
    await scrape(exporter);
    expect(await service.own('otelcol_exporter_sent_metric_points')).toMatchObject([{ value: 2 }]);
  });

  it('can be shut down twice, and without a start', async () => {
    const exporter = await start({});
    await exporter.shutdown(1000);
    await exporter.shutdown(1000);
    await new PrometheusExporter(makeService().settings('x'), configSchema.parse({})).shutdown(1000);
  });
});

describe('prometheusFactory', () => {
  it('listens on localhost:9464 by default', () => {
    expect(prometheusFactory.schema.parse({})).toEqual({
      ...serverSettings.parse({}),
      endpoint: { host: 'localhost', port: 9464 },
      const_labels: {},
      enable_open_metrics: true,
      metric_names: 'opentelemetry',
      resource_to_telemetry_conversion: { enabled: false, exclude_service_attributes: false },
    });
  });

  it('refuses what it doesn’t know', () => {
    expect(prometheusFactory.schema.safeParse({ endpoint: '9464' }).error?.issues[0]?.message).toBe(
      'must be host:port such as "localhost:9464", got "9464"',
    );
    expect(prometheusFactory.schema.safeParse({ subsystem: 'x' }).success).toBe(false);
    expect(prometheusFactory.schema.safeParse({ metric_names: 'cilium' }).success).toBe(false);
  });

  it.each([
    ['opentelemetry', 'class', true],
    ['opentelemetry', 'error_type', true],
    ['opentelemetry', 'source_k8s_pod_name', true],
    ['opentelemetry', 'source_address', true],
    ['opentelemetry', 'slot', true],
    ['opentelemetry', 'namespace', false],
    ['retina', 'namespace', true],
    ['retina', 'destination_podname', true],
    ['retina', 'class', false],
  ])('names of %s: a constant label %s is refused: %s', (metric_names, label, isRefused) => {
    const { error } = prometheusFactory.schema.safeParse({ metric_names, const_labels: { [label]: 'x' } });
    const message = 'is a label that series have already: choose another name';
    expect(error?.issues ?? []).toMatchObject(isRefused ? [{ path: ['const_labels', label], message }] : []);
  });

  it.each(['', 'a b', '1st', '__own', 'le', 'quantile', 'a.b', 'é'])('refuses the constant label "%s"', (label) => {
    expect(prometheusFactory.schema.safeParse({ const_labels: { [label]: 'x' } }).success).toBe(false);
  });

  it('answers in OpenMetrics who asks for it, unless that is turned off', async () => {
    const ask = async (exporter: PrometheusExporter) => {
      const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
      const response = await fetch(`http://127.0.0.1:${exporter.port}/metrics`, { headers });
      return { type: response.headers.get('content-type'), vary: response.headers.get('vary'), text: await response.text() };
    };
    const exporter = await start({});
    exporter.consume(LIVE);
    const { type, vary, text } = await ask(exporter);
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(vary).toMatch(/\bAccept\b/);
    const labels = '{class="policy",direction="ingress",reason="IPTABLE_RULE_DROP"}';
    expect(text).toContain(
      `dropreason_drop_count_total${labels} 3\ndropreason_drop_count_created${labels} ${LIVE.startTimeMillis / 1000}`,
    );
    expect(text).toMatch(/\n# EOF\n$/);
    expect(await scrape(exporter)).not.toContain('_created');
    const without = await ask(await start({ enable_open_metrics: false }));
    expect(without.type).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});
