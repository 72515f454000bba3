import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/exporters/debug/config.ts';
import { DebugExporter } from '../../../../src/exporters/debug/exporter.ts';
import { end, flow, flowBatch } from '../../../support/flows.ts';
import { batch, makeService, row, ruleDrop, START } from '../../metrics/fixtures.ts';

const interval = (millis: number) => ({ trigger: 'interval', timeMillis: START + millis }) as const;
const refused = (calls: number) =>
  row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ECONNREFUSED' }, calls);
const noSocket = (drops: number) => row({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' }, drops, drops * 40);
const HOOK = { hook: 'kfree_skb', attached: true, rung: 'tracepoint', why: '', detail: '' };

async function make(verbosity: string, service = makeService()) {
  let printed = '';
  const refusal: { error: Error | undefined } = { error: undefined };
  const exporter = new DebugExporter(service.settings('debug'), configSchema.parse({ verbosity }), {
    write: (text, done) => {
      if (refusal.error === undefined) printed += text;
      done(refusal.error);
    },
  });
  await exporter.start();
  const take = () => {
    const text = printed;
    printed = '';
    return text;
  };
  return { exporter, take, service, refusal };
}

describe('DebugExporter', () => {
  it('basic: one line with what rose since the last print', async () => {
    const { exporter, take } = await make('basic');
    exporter.consume(batch([ruleDrop(3, 252), noSocket(0)]));
    expect(take()).toBe('');
    exporter.consume(batch([noSocket(5), refused(1)], interval(10_000)));
    expect(take()).toBe(
      '2026-01-02T03:04:15.000Z  8 drops (452 bytes), 1 failed call in 10.0 s: NO_SOCKET 5, IPTABLE_RULE_DROP 3, TCP_CONNECT_BASIC 1\n',
    );
    exporter.consume(batch([ruleDrop(1, 84)], interval(12_500)));
    expect(take()).toBe('2026-01-02T03:04:17.500Z  1 drop (84 bytes) in 2.5 s: IPTABLE_RULE_DROP 1\n');
  });

  it('counts and reports what standard output does not take, once, and when it does again', async () => {
    const { exporter, take, service, refusal } = await make('basic');
    const counts = async () =>
      Promise.all(
        ['sent', 'send_failed'].map(async (what) => (await service.own(`otelcol_exporter_${what}_metric_points`))[0]?.value),
      );
    refusal.error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    for (const round of [1, 2]) exporter.consume(batch([ruleDrop(1, 84), noSocket(1)], interval(round * 10_000)));
    expect(take()).toBe('');
    expect(await counts()).toEqual([0, 4]);
    refusal.error = undefined;
    for (const round of [3, 4]) exporter.consume(batch([ruleDrop(1, 84)], interval(round * 10_000)));
    expect(take()).toMatch(/1 drop .*\n.*1 drop .*\n/);
    expect(await counts()).toEqual([2, 4]);
    expect(service.lines).toMatchObject([
      { level: 'error', msg: expect.stringContaining("can't print to standard output: ENOSPC") },
      { level: 'info', msg: 'prints to standard output again' },
    ]);
  });

  it.each(['basic', 'normal', 'detailed'])('%s: is quiet when nothing changed', async (verbosity) => {
    const { exporter, take } = await make(verbosity);
    exporter.consume(batch([ruleDrop(3, 252)], { ...interval(10_000), hooks: [HOOK] }));
    expect(take()).not.toBe('');
    exporter.consume(batch([ruleDrop(0, 0)], { ...interval(20_000), hooks: [HOOK], losses: [{ slot: 'nested', count: 0 }] }));
    expect(take()).toBe('');
  });

  it.each(['basic', 'normal', 'detailed'])('%s: tells of losses though nothing was counted', async (verbosity) => {
    const { exporter, take } = await make(verbosity);
    exporter.consume(batch([], { ...interval(10_000), losses: [{ slot: 'nested', count: 2 }] }));
    expect(take()).toMatch(/nested +2/);
  });

  it('normal: a table of the series that rose, most drops first', async () => {
    const { exporter, take } = await make('normal');
    exporter.consume(batch([ruleDrop(3, 252), noSocket(50), refused(1), row({ reason: 'QUIET' }, 0, 0)], interval(10_000)));
    expect(take()).toBe(
      [
        '2026-01-02T03:04:15.000Z  53 drops (2252 bytes), 1 failed call in 10.0 s',
        '  reason             direction  class   error.type    drops  bytes',
        '  NO_SOCKET          ingress    error                    50   2000',
        '  IPTABLE_RULE_DROP  ingress    policy                    3    252',
        '  TCP_CONNECT_BASIC  egress     call    ECONNREFUSED      1',
        '',
      ].join('\n'),
    );
  });

  it('detailed: totals beside what was added, losses and hooks', async () => {
    const { exporter, take } = await make('detailed');
    exporter.consume(batch([ruleDrop(3, 252)], { ...interval(10_000), hooks: [HOOK], losses: [{ slot: 'nested', count: 1 }] }));
    take();
    exporter.consume(batch([ruleDrop(1, 84), noSocket(0)], { ...interval(20_000), hooks: [HOOK] }));
    expect(take()).toBe(
      [
        '2026-01-02T03:04:25.000Z  1 drop (84 bytes) in 10.0 s',
        '  reason             direction  class   drops  +  bytes   +',
        '  IPTABLE_RULE_DROP  ingress    policy      4  1    336  84',
        '  NO_SOCKET          ingress    error       0  0      0   0',
        '  lost    count  +',
        '  nested      1  0',
        '  hook       attached  rung        why',
        '  kfree_skb  yes       tracepoint',
        '',
      ].join('\n'),
    );
  });

  it('normal: the ten flows with the most drops, of all reads since the last print', async () => {
    const { exporter, take } = await make('normal');
    const pod = end('10.0.0.1', { 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'cart-0' });
    const world = end('192.0.2.1', { 'k8s.namespace.name': 'world', 'k8s.pod.name': 'world' });
    const [overflow] = [noSocket(4)];
    exporter.consume(flowBatch([flow('', '', { source: pod, destination: world, port: 53, drops: 30, bytes: 3000 })]));
    const others = Array.from({ length: 12 }, (_, i) => flow(`10.1.0.${i}`, '', { drops: 20 - i, interface: 'lo' }));
    const call = { ...refused(1), transport: 'tcp' };
    exporter.consume(
      flowBatch([...others, flow('', '', { source: pod, destination: world, port: 53, bytes: 84 }), flow('::1', '::1', call)], {
        ...interval(10_000),
        overflow: [overflow],
      }),
    );
    const lines = take().split('\n').slice(5);
    expect(lines).toEqual([
      '  reason             direction  source                destination      transport  port  interface  drops  bytes',
      '  IPTABLE_RULE_DROP  ingress    10.0.0.1 shop/cart-0  192.0.2.1 world  udp          53  eth0          31   3084',
      ...Array.from(
        { length: 9 },
        (_, i) =>
          `  IPTABLE_RULE_DROP  ingress    10.1.0.${i}              -                udp              lo            ${20 - i}    100`,
      ),
      '  and 4 more flows (31 drops)',
      '  4 drops of flows that the kernel had no room for',
      '',
    ]);
    exporter.consume(flowBatch([], interval(20_000)));
    expect(take()).toBe('');
  });

  it('detailed: a hundred flows, whatever there are', async () => {
    const { exporter, take } = await make('detailed');
    const flows = Array.from({ length: 20_000 }, (_, i) => flow(`10.2.${i >> 8}.${i & 255}`, '10.0.0.1'));
    exporter.consume(
      flowBatch([...flows, flow('10.9.9.9', '10.0.0.1', { drops: 7 }), ...flows.slice(0, 5000)], interval(10_000)),
    );
    const text = take();
    expect(text.match(/ 10\.0\.0\.1 /g)).toHaveLength(100);
    expect(text).toContain('10.9.9.9');
    const shown = [...text.matchAll(/eth0 +(\d+)/g)].reduce((sum, [, drops]) => sum + Number(drops), 0);
    expect(shown + Number(/and more flows \((\d+) drops\)/.exec(text)?.[1])).toBe(25_007);
  });

  it('normal: pods, also where their flows were of an earlier print', async () => {
    const { exporter, take } = await make('normal');
    const pods = [row({ reason: 'NO_SOCKET', direction: 'ingress', 'k8s.pod.name': 'cart-0' }, 2, 80)];
    exporter.consume(batch([], { ...interval(10_000), pods: { rows: pods, ended: [] } }));
    expect(take().split('\n').slice(1)).toEqual([
      '  reason     direction  k8s.pod.name  drops  bytes',
      '  NO_SOCKET  ingress    cart-0            2     80',
      '',
    ]);
  });

  it('normal: series of pods by the attributes that the other exporters publish', async () => {
    const { exporter, take } = await make('normal');
    const pod = { reason: 'NO_SOCKET', direction: 'ingress', 'source.k8s.pod.name': 'cart-0' };
    const rows = [row({ ...pod, 'source.k8s.workload.kind': 'Pod' }, 2, 80), row(pod, 1, 40)];
    exporter.consume(batch([], { ...interval(10_000), pods: { rows, ended: [] } }));
    expect(take().split('\n').slice(1)).toEqual([
      '  reason     direction  source.k8s.pod.name  drops  bytes',
      '  NO_SOCKET  ingress    cart-0                   3    120',
      '',
    ]);
  });

  it('basic: says nothing of flows', async () => {
    const { exporter, take } = await make('basic');
    exporter.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')], interval(10_000)));
    expect(take()).toBe('2026-01-02T03:04:15.000Z  1 drop (100 bytes) in 10.0 s: IPTABLE_RULE_DROP 1\n');
  });

  it('doesn’t print what it printed before a reload', async () => {
    const { exporter, service } = await make('basic');
    exporter.consume(batch([ruleDrop(3, 252)], interval(10_000)));
    const { exporter: next, take } = await make('basic', service);
    next.consume(batch([ruleDrop(1, 84)], interval(20_000)));
    expect(take()).toContain('1 drop (84 bytes) in 10.0 s');
  });
});
