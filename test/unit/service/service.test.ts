import { describe, expect, test } from 'vitest';
import { serve, simple } from './running.ts';

const SOURCE = 'receivers::source';

describe('a start that fails', () => {
  test.each([
    ['an exporter', simple({ sink: { fails: 'port 9464 is taken' } }), 'exporters::sink: port 9464 is taken'],
    ['a receiver', simple({ source: { fails: 'no BTF' } }), 'receivers::source: no BTF'],
  ])('of %s names it and stops all there is', async (_, file, message) => {
    const { service, stage } = serve(file);
    await expect(service.start()).rejects.toThrow(message);
    expect(
      stage
        .news()
        .filter((line) => line.startsWith('stop'))
        .sort(),
    ).toEqual(['stop exporters::sink', 'stop receivers::source']);
  });

  test('what can not even be made is named too', async () => {
    const { service } = serve(simple({ sink: { unmakeable: true } }));
    await expect(service.start()).rejects.toThrow("exporters sink can't be made");
  });
});

describe('a reload', () => {
  test('keeps a receiver that is configured alike, and tells the new exporters what exists', async () => {
    const { service, stage, write } = serve(simple());
    await service.start();
    write(simple({ sink: { tag: 'new' } }));
    stage.news();
    await service.reload();
    expect(stage.receivers).toHaveLength(1);
    expect(stage.exporters).toHaveLength(2);
    expect(stage.receiver('source').announced).toBe(1);
    expect(stage.news()).toEqual(['stop exporters::sink', 'start exporters::sink']);
    await service.shutdown();
  });

  test('makes a receiver anew that is configured otherwise, with a last read of the old one', async () => {
    const { service, stage, write } = serve(simple());
    await service.start();
    stage.receiver('source').pending = 3;
    write(simple({ source: { tag: 'new' } }));
    await service.reload();
    expect(stage.receivers).toHaveLength(2);
    stage.receiver('source').pending = 4;
    await stage.exporter('sink').host?.refresh();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(7);
    await service.shutdown();
  });

  test('lets no counter fall and counts nothing twice', async () => {
    const { service, stage, write } = serve(simple());
    await service.start();
    for (let round = 1; round <= 5; round++) {
      stage.receiver('source').pending = 2;
      await stage.exporter('sink').host?.refresh();
      write(simple({ sink: { tag: String(round) }, source: { tag: String(round >> 1) } }));
      stage.receiver('source').pending = 1;
      await service.reload();
      await stage.exporter('sink').host?.refresh();
      expect(stage.exporter('sink').sums.get(SOURCE)).toBe(3 * round);
    }
    await service.shutdown();
  });

  test('feeds the new pipelines and not the old ones', async () => {
    const { service, stage, write } = serve(simple());
    await service.start();
    const before = stage.exporter('sink');
    write({ ...simple(), exporters: { 'sink/new': {} }, pipelines: { metrics: [['source'], [], ['sink/new']] } });
    await service.reload();
    stage.receiver('source').pending = 2;
    await stage.receiver('source').read('interval');
    expect(stage.exporter('sink/new').sums.get(SOURCE)).toBe(2);
    expect(before.sums.get(SOURCE) ?? 0).toBe(0);
    await service.shutdown();
  });

  test('lets what a component kept go with the component, and keep what goes on', async () => {
    const both = {
      receivers: { source: {} },
      exporters: { sink: {}, 'sink/new': {} },
      pipelines: { metrics: [['source'], [], ['sink', 'sink/new']] },
    } satisfies Parameters<typeof serve>[0];
    const { service, stage, write } = serve(both);
    await service.start();
    const read = async () => {
      stage.receiver('source').pending = 1;
      await stage.receiver('source').read('interval');
    };
    for (const file of [simple(), both]) {
      await read();
      write(file);
      await service.reload();
    }
    await read();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(3);
    expect(stage.exporter('sink/new').sums.get(SOURCE)).toBe(1);
    await service.shutdown();
  });

  test('refuses a bad file, says all that is wrong, and goes on', async () => {
    const { service, stage, writeText, lines } = serve(simple());
    await service.start();
    stage.news();
    writeText('receivers: {source: {tagg: x}}\nexporters: {sonk: }\n');
    await service.reload();
    // Whoever renames files sends the signal, whatever the configuration is like.
    expect(stage.news()).toEqual(['reopen exporters::sink']);
    const said = lines().find(({ level }) => level === 'error')?.msg;
    expect(said).toMatch(/^the new configuration is invalid, keeping the old one:\n/);
    expect(said).toMatch(/receivers::source::tagg/);
    expect(said).toMatch(/exporters::sonk/);
    stage.receiver('source').pending = 2;
    await stage.exporter('sink').host?.refresh();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(2);
    await service.shutdown();
  });

  test('refuses what can not be made, and goes on', async () => {
    const { service, stage, write, lines } = serve(simple());
    await service.start();
    stage.news();
    write(simple({ sink: { unmakeable: true } }));
    await service.reload();
    expect(stage.news()).toEqual(['reopen exporters::sink']);
    expect(lines().map(({ msg }) => msg)).toContainEqual(expect.stringContaining("exporters sink can't be made"));
    await service.shutdown();
  });

  test.each([
    ['the exporter', { sink: { fails: 'port 9464 is taken' } }],
    ['the receiver', { source: { fails: 'port 9464 is taken' } }],
    ['both', { sink: { fails: 'port 9464 is taken' }, source: { fails: 'no BTF' } }],
  ])('goes back to the old configuration where %s of the new one can not start', async (_, broken) => {
    const { service, stage, write, lines } = serve(simple());
    await service.start();
    stage.receiver('source').pending = 3;
    write(simple(broken));
    await service.reload();
    expect(lines().find(({ level }) => level === 'error')?.msg).toMatch(
      /the new configuration can't start, returning to the old one: .*port 9464 is taken/,
    );
    stage.receiver('source').pending += 4;
    await stage.exporter('sink').host?.refresh();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(7);
    write(simple({ sink: { tag: 'good' } }));
    await service.reload();
    stage.receiver('source').pending = 1;
    await stage.exporter('sink').host?.refresh();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(8);
    await service.shutdown();
    expect(stage.receiver('source').pending).toBe(0);
  });

  test('of an added extension that can not start leaves the extensions of the old one running', async () => {
    const file = { ...simple(), extensions: { aside: {} } };
    const { service, stage, write } = serve(file);
    await service.start();
    stage.news();
    write({ ...file, extensions: { aside: {}, 'aside/2': { fails: 'no' } } });
    await service.reload();
    const running = new Set<string>();
    for (const line of ['start extensions::aside', ...stage.news()]) {
      const [what, name] = line.split(' ') as [string, string];
      if (what === 'start') running.add(name);
      else running.delete(name);
    }
    expect(running).toContain('extensions::aside');
    expect(running).not.toContain('extensions::aside/2');
    await service.shutdown();
  });

  test('before the start does nothing', async () => {
    const { service, stage } = serve(simple());
    await service.reload();
    expect(stage.news()).toEqual([]);
  });

  test('of telemetry takes effect at the next start, and says so', async () => {
    const { service, writeText, lines } = serve(simple());
    await service.start();
    writeText(
      'receivers: {source: }\nexporters: {sink: }\nservice: {pipelines: {metrics: {receivers: [source], exporters: [sink]}}}\n',
    );
    await service.reload();
    expect(lines().map(({ msg }) => msg)).toContainEqual(expect.stringContaining('service::telemetry has changed'));
    await service.shutdown();
  });
});

test('a second shutdown does nothing', async () => {
  const { service, stage } = serve(simple());
  await service.start();
  await service.shutdown();
  stage.news();
  await service.shutdown();
  expect(stage.news()).toEqual([]);
});

describe('the instance', () => {
  const mixed = (a: object, b: object) => ({
    receivers: { source: a, 'source/b': b },
    exporters: { sink: {}, 'sink/a': {} },
    pipelines: { metrics: [['source', 'source/b'], [], ['sink']], 'metrics/a': [['source'], [], ['sink/a']] } as const,
  });
  const idOf = ({ stage }: ReturnType<typeof serve>) =>
    stage.exporter('sink').settings.resource.attributes['service.instance.id'];

  test('is that of what outlives the process, from the start and after a reload', async () => {
    const [first, second] = [serve(simple({ source: { instance: 'pins' } })), serve(simple({ source: { instance: 'pins' } }))];
    await first.service.start();
    await second.service.start();
    const pinned = idOf(first);
    expect(idOf(second)).toBe(pinned);
    first.write(simple({ source: { instance: 'pins' }, sink: { tag: 'new' } }));
    await first.service.reload();
    expect(idOf(first)).toBe(pinned);
    first.write(simple({ source: { instance: 'other pins' } }));
    await first.service.reload();
    expect(idOf(first)).not.toBe(pinned);
    await first.service.shutdown();
    await second.service.shutdown();
  });

  test('cannot be right for an exporter that adds up what lasts and what does not: that is said', async () => {
    const running = serve(mixed({ instance: 'pins' }, {}) as never);
    await running.service.start();
    const warned = running.lines().filter(({ level }) => level === 'warn');
    expect(warned.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^exporters::sink sums receivers with pinned counts/)]);
    await running.service.shutdown();
  });
});

describe('a shutdown', () => {
  test('during the start ends it: nothing more starts, and all that was made is stopped', async () => {
    const file = { ...simple({ source: { hangs: true } }), extensions: { aside: {} } };
    const { service, stage } = serve(file);
    const starting = service.start();
    await expect.poll(() => stage.journal).toContain('start receivers::source');
    await service.interrupt();
    expect(await starting).toBeUndefined();
    await service.shutdown();
    const news = stage.news();
    expect(news.filter((line) => line.startsWith('start'))).toEqual(['start exporters::sink', 'start receivers::source']);
    expect([...new Set(news.filter((line) => line.startsWith('stop')))].sort()).toEqual([
      'stop exporters::sink',
      'stop extensions::aside',
      'stop receivers::source',
    ]);
  });

  test('before the components are made starts none', async () => {
    const { service, stage } = serve(simple());
    const starting = service.start();
    await service.interrupt();
    expect(await starting).toBeUndefined();
    expect(stage.news().filter((line) => line.startsWith('start'))).toEqual([]);
  });

  test('during a reload ends it, with a last read of what was taken over', async () => {
    const { service, stage, write, lines } = serve(simple());
    await service.start();
    write(simple({ sink: { hangs: true } }));
    const reloading = service.reload();
    await expect.poll(() => stage.exporters.length).toBe(2);
    await expect.poll(() => stage.journal.filter((line) => line === 'start exporters::sink')).toHaveLength(2);
    stage.receiver('source').pending = 3;
    await service.interrupt();
    await reloading;
    await service.shutdown();
    expect(stage.exporter('sink').sums.get(SOURCE)).toBe(3);
    expect(stage.news().at(-1)).toBe('stop exporters::sink');
    expect(lines().map(({ level }) => level)).not.toContain('error');
    await service.reload();
    expect(stage.news()).toEqual([]);
  });
});
