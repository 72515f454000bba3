import { describe, expect, test } from 'vitest';
import { serve, simple } from './running.ts';

const TWO = {
  receivers: { 'source/a': null, 'source/b': null },
  processors: { pass: null },
  exporters: { 'sink/a': null, 'sink/b': null, 'sink/both': null },
  extensions: { aside: null },
  pipelines: {
    'metrics/a': [['source/a'], ['pass'], ['sink/a', 'sink/both']],
    'metrics/b': [['source/b'], ['pass'], ['sink/b', 'sink/both']],
  },
} as const satisfies Parameters<typeof serve>[0] | object;

const two = () => serve(structuredClone(TWO) as unknown as Parameters<typeof serve>[0]);

describe('a graph', () => {
  test('starts exporters first, then processors, receivers, extensions; and stops them the other way', async () => {
    const { service, stage } = two();
    await service.start();
    expect(stage.news().filter((line) => !line.startsWith('pass'))).toEqual([
      'start exporters::sink/a',
      'start exporters::sink/both',
      'start exporters::sink/b',
      'start processors::pass',
      'start processors::pass',
      'start receivers::source/a',
      'start receivers::source/b',
      'start extensions::aside',
    ]);
    await service.shutdown();
    const kinds = stage
      .news()
      .filter((line) => line.startsWith('stop'))
      .map((line) => line.replace(/::.*/, ''));
    expect([...new Set(kinds)]).toEqual(['stop extensions', 'stop receivers', 'stop processors', 'stop exporters']);
    expect(kinds).toHaveLength(8);
  });

  test('an exporter has the resource that the processors of its pipelines make', async () => {
    const actions = (...attributes: object[]) => ({ attributes });
    const { service, stage } = serve({
      receivers: { source: null },
      processors: {
        pass: null,
        'resource/cluster': actions({ key: 'cluster', value: 'east', action: 'insert' }, { key: 'host.name', action: 'delete' }),
        'resource/team': actions({ key: 'team', from_attribute: 'cluster', action: 'upsert' }),
      },
      exporters: { 'sink/changed': null, sink: null },
      pipelines: {
        'metrics/a': [['source'], ['resource/cluster', 'pass', 'resource/team'], ['sink/changed']],
        'metrics/b': [['source'], ['pass'], ['sink']],
        'metrics/c': [['source'], ['resource/cluster', 'resource/team', 'pass'], ['sink/changed']],
      },
    });
    await service.start();
    const { attributes } = stage.exporter('sink').settings.resource;
    const { 'host.name': host, ...rest } = attributes;
    expect(host).not.toBe(undefined);
    expect(stage.exporter('sink/changed').settings.resource.attributes).toEqual({ ...rest, cluster: 'east', team: 'east' });
    await service.shutdown();
  });

  test('the last read of a receiver passes through before its exporters stop', async () => {
    const { service, stage } = serve(simple());
    await service.start();
    stage.receiver('source').pending = 3;
    await service.shutdown();
    expect(stage.exporter('sink').sums.get('receivers::source')).toBe(3);
  });

  test('a receiver of two pipelines is one, a processor is one for each, an exporter is one', async () => {
    const { service, stage } = serve({
      receivers: { source: null },
      processors: { pass: null },
      exporters: { sink: null },
      pipelines: { 'metrics/a': [['source'], ['pass'], ['sink']], 'metrics/b': [['source'], ['pass'], ['sink']] },
    });
    await service.start();
    expect(stage.receivers).toHaveLength(1);
    expect(stage.exporters).toHaveLength(1);
    stage.news();
    stage.receiver('source').pending = 5;
    await stage.receiver('source').read('interval');
    expect(stage.news()).toEqual(['pass processors::pass', 'pass processors::pass']);
    expect(stage.exporter('sink').sums.get('receivers::source')).toBe(10);
    await service.shutdown();
  });

  test('processors run in the order in which they are listed', async () => {
    const { service, stage } = serve({
      receivers: { source: null },
      processors: { 'pass/1': null, 'pass/2': null, 'pass/3': null },
      exporters: { sink: null },
      pipelines: { metrics: [['source'], ['pass/2', 'pass/3', 'pass/1'], ['sink']] },
    });
    await service.start();
    stage.news();
    await stage.receiver('source').read('interval');
    expect(stage.news()).toEqual(['pass processors::pass/2', 'pass processors::pass/3', 'pass processors::pass/1']);
    await service.shutdown();
  });

  test("an exporter's refresh reads the receivers upstream of it alone", async () => {
    const { service, stage } = two();
    await service.start();
    const reads = () => ['source/a', 'source/b'].map((id) => stage.receiver(id).reads);
    await stage.exporter('sink/a').host?.refresh();
    expect(reads()).toEqual([1, 0]);
    await stage.exporter('sink/b').host?.refresh();
    expect(reads()).toEqual([1, 1]);
    await stage.exporter('sink/both').host?.refresh();
    expect(reads()).toEqual([2, 2]);
    await service.shutdown();
  });

  test('when a refresh resolves, what was dropped before it has arrived', async () => {
    const { service, stage } = two();
    await service.start();
    stage.receiver('source/a').pending = 2;
    await stage.exporter('sink/both').host?.refresh();
    expect(stage.exporter('sink/both').sums.get('receivers::source/a')).toBe(2);
    expect(stage.exporter('sink/b').sums.has('receivers::source/a')).toBe(false);
    await service.shutdown();
  });

  test('reads that fail are logged when that begins, changes and is over, and the refresh is one of the others', async () => {
    const { service, stage, lines } = two();
    await service.start();
    stage.receiver('source/a').failure = new Error('the kernel is busy');
    stage.receiver('source/b').pending = 4;
    const refresh = () => stage.exporter('sink/both').host?.refresh();
    for (let i = 0; i < 5; i++) await refresh();
    expect(stage.exporter('sink/both').sums.get('receivers::source/b')).toBe(4);
    const told = () => lines().filter((line) => line['otelcol.component.id'] === 'source/a');
    expect(told()).toMatchObject([
      {
        level: 'error',
        msg: expect.stringContaining('reading the kernel for an exporter failed'),
        err: { message: 'the kernel is busy' },
      },
    ]);
    stage.receiver('source/a').failure = new Error('out of memory');
    for (let i = 0; i < 5; i++) await refresh();
    expect(told()).toHaveLength(2);
    stage.receiver('source/a').failure = undefined;
    for (let i = 0; i < 5; i++) await refresh();
    expect(told().slice(2)).toMatchObject([{ level: 'info', msg: 'reading the kernel for exporters works again', failures: 10 }]);
    await service.shutdown();
  });

  test('health is well while each receiver has its hook', async () => {
    const { service, stage } = two();
    const graph = await service.start();
    expect(graph?.health()).toEqual([
      { id: 'source/a', healthy: true, why: '' },
      { id: 'source/b', healthy: true, why: '' },
    ]);
    stage.receiver('source/b').status = [{ hook: 'kfree_skb', attached: false, rung: 'none', why: 'eperm', detail: 'refused' }];
    expect(graph?.health()[1]).toEqual({ id: 'source/b', healthy: false, why: 'refused' });
    stage.receiver('source/b').status = [];
    expect(graph?.health()[1]).toMatchObject({ healthy: false });
    await service.shutdown();
  });

  test('says where to look', async () => {
    const { service } = serve(simple());
    expect((await service.start())?.places).toEqual(['curl exporters::sink']);
    await service.shutdown();
  });
});
