import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { configSchema } from '../../../../src/receivers/dropreason/config.ts';
import type { ProbeOptions } from '../../../../src/receivers/dropreason/probe.ts';
import { entry, FakeProbe, LAYOUT, nativeError } from '../../../support/layout.ts';
import { makeSettings } from '../../../support/settings.ts';

const kernel = vi.hoisted(() => ({ native: undefined as unknown, modules: new Set<string>() }));
vi.mock('../../../../src/receivers/dropreason/attach/kernel_view.ts', () => ({
  RUNNING_KERNEL: { hasModule: (name: string) => kernel.modules.has(name), hasKprobes: false, isConfidential: false },
}));
vi.mock('../../../../src/receivers/dropreason/probe.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../../src/receivers/dropreason/probe.ts')>();
  return { ...original, native: () => kernel.native };
});

/** Capabilities are a state of the process: each test has modules of its own. */
async function make(config: object = {}, probe = new FakeProbe(1, 256)) {
  const dropped = { capabilities: false, symbols: false, resident: 0 };
  const opened: ProbeOptions[] = [];
  kernel.native = {
    layout: LAYOUT,
    kernelFacts: () => ({
      reasons: [{ name: 'SKB_DROP_REASON_NOT_SPECIFIED', value: 2 }],
      guarded: true,
      casts: true,
      libbpf: '1.1',
    }),
    readAhead: () => {},
    releaseResident: async () => void dropped.resident++,
    symbolRanges: () => ({}),
    symbolsAt: () => [],
    closeSymbols: () => {
      dropped.symbols = true;
    },
    dropCapabilities: () => {
      dropped.capabilities = true;
    },
    Probe: class {
      constructor(options: ProbeOptions) {
        opened.push(options);
        Object.assign(probe, { closed: 0 });
        // biome-ignore lint/correctness/noConstructorReturn: it stands for the addon's
        return probe;
      }
    },
  };
  const { DropreasonReceiver } = await import('../../../../src/receivers/dropreason/receiver.ts');
  const settings = makeSettings('dropreason');
  const batches: DropBatch[] = [];
  const create = (given: object = config) =>
    new DropreasonReceiver(settings, configSchema.parse({ collection_interval: '1h', ...given }), {
      consume: (batch) => void batches.push(batch),
    });
  return { probe, dropped, opened, settings, batches, create };
}

const drops = (batches: readonly DropBatch[]) => batches.flatMap(({ rows }) => rows).reduce((sum, row) => sum + row.drops, 0);

beforeEach(() => {
  vi.resetModules();
  kernel.modules.clear();
});

test('a hook that waits for a module is attached when the clock reads, not when a scrape does, and the batch says so', async () => {
  const { probe, batches, settings, create } = await make();
  probe.refuse = ({ target }) =>
    target === 'nf_nat_inet_fn' && !kernel.modules.has('nf_nat') ? nativeError('ESRCH') : undefined;
  const receiver = create();
  await receiver.start();
  const waits = () =>
    batches
      .at(-1)
      ?.hooks.find(({ hook }) => hook === 'nat')
      ?.detail.includes('waits for the module nf_nat');
  expect(waits()).toBe(true);
  kernel.modules.add('nf_nat');
  await receiver.read('request');
  expect(waits()).toBe(true);
  await receiver.read('interval');
  expect(waits()).toBe(false);
  await receiver.read('interval');
  expect(settings.lines.filter(({ level, msg }) => level === 'info' && msg === 'hook')).toHaveLength(1);
  await receiver.shutdown(1_000);
});

describe('a start', () => {
  test('where packets cannot be counted leaves nothing attached and says why', async () => {
    const { probe, create } = await make();
    probe.refuse = ({ program }) =>
      program === 'kfree_skb' ? nativeError('EINVAL', { message: 'the verifier refused' }) : undefined;
    const receiver = create();
    await expect(receiver.start()).rejects.toThrow('the verifier refused');
    expect(probe.closed).toBe(1);
    await receiver.shutdown(1_000);
  });

  test('that takes over what is pinned carries on its counts with their start time', async () => {
    const { probe, batches, settings, opened, create } = await make({ pin: true, pin_path: '/sys/fs/bpf/carried-on' });
    Object.assign(probe, { origin: 'taken_over', startTimeMillis: 1234 });
    probe.tables.unlisted = [entry({ packets: 9 })];
    const receiver = create();
    await receiver.start();
    await receiver.read('request');
    expect(opened[0]?.pin?.directory).toBe('/sys/fs/bpf/carried-on');
    expect(batches.every(({ startTimeMillis }) => startTimeMillis === 1234)).toBe(true);
    expect(drops(batches)).toBe(9);
    expect(settings.lines.map(({ msg }) => msg)).toContainEqual(expect.stringContaining('continuing with the pinned'));
    await receiver.shutdown(1_000);
  });

  test('that began by a clock which has been set back since begins now for others, and is named as before', async () => {
    const { probe, batches, create } = await make({ pin: true, pin_path: '/sys/fs/bpf/future' });
    const future = Date.now() + 3_600_000;
    Object.assign(probe, { origin: 'taken_over', startTimeMillis: future });
    probe.tables.unlisted = [entry({ packets: 9, sinceMillis: future + 10 })];
    const receiver = create();
    await receiver.start();
    await receiver.read('request');
    const accumulator = new DropAccumulator();
    for (const batch of batches) {
      expect(batch.startTimeMillis).toBeLessThanOrEqual(batch.timeMillis);
      accumulator.add(batch);
      for (const series of accumulator.series.values()) expect(series.startTimeMillis).toBeLessThanOrEqual(batch.timeMillis);
    }
    expect(drops(batches)).toBe(9);
    expect(receiver.instance).toContain(String(future));
    await receiver.shutdown(1_000);
  });

  test('in the same process tells only what came since: a reload counts nothing twice', async () => {
    const { probe, batches, create } = await make({ pin: true, pin_path: '/sys/fs/bpf/reloaded' });
    Object.assign(probe, { startTimeMillis: 1234 });
    probe.tables.unlisted = [entry({ packets: 9 })];
    const first = create();
    await first.start();
    await first.shutdown(1_000);
    Object.assign(probe, { origin: 'taken_over' });
    probe.tables.unlisted = [entry({ packets: 11 })];
    const second = create();
    await second.start();
    await second.shutdown(1_000);
    expect(drops(batches)).toBe(11);
  });

  test('names what it counts, the same as long as that is counted; and begins anew where it is not', async () => {
    const { probe, batches, create } = await make({ pin: true, pin_path: '/sys/fs/bpf/named' });
    const life = async (startTimeMillis: number, given?: object) => {
      Object.assign(probe, { startTimeMillis });
      batches.length = 0;
      const receiver = create(given);
      expect(receiver.instance).toBeUndefined();
      await receiver.start();
      const anew = batches.map((batch) => batch.anew === true);
      expect(anew.slice(1)).not.toContain(true);
      const { instance } = receiver;
      await receiver.shutdown(1_000);
      return { instance, anew: anew[0] };
    };
    const pinned = await life(1234);
    expect(pinned).toEqual({ instance: expect.stringContaining('/sys/fs/bpf/named'), anew: false });
    expect(await life(1234)).toEqual(pinned);
    const other = await life(5678);
    expect(other.anew).toBe(true);
    expect(other.instance).not.toBe(pinned.instance);
    expect(await life(9999, {})).toEqual({ instance: undefined, anew: true });
    expect(await life(9999, {})).toEqual({ instance: undefined, anew: false });
    expect(await life(1234)).toEqual({ ...pinned, anew: true });
  });

  test.each([
    ['something else', 'replaced', ''],
    ['a part', 'incomplete', 'dropreason_metrics'],
  ])('that finds %s pinned warns that counting starts from 0', async (_, origin, missing) => {
    const { probe, settings, create } = await make({ pin: true, pin_path: '/sys/fs/bpf/replaced' });
    Object.assign(probe, { origin, missing, startTimeMillis: 1234 });
    const receiver = create();
    await receiver.start();
    const warning = settings.lines.find(({ level }) => level === 'warn');
    expect(warning).toMatchObject({
      msg: expect.stringMatching(/counting starts from 0/),
      ...(missing === '' ? {} : { missing }),
    });
    await receiver.shutdown(1_000);
  });
});

test('the resident memory is released after the start and from time to time, until the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { dropped, create } = await make();
  const receiver = create();
  await receiver.start();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(dropped.resident).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(dropped.resident).toBe(1);
  await vi.advanceTimersByTimeAsync(1_200_000);
  expect(dropped.resident).toBe(3);
  await receiver.shutdown(0);
  await vi.advanceTimersByTimeAsync(1_200_000);
  expect(dropped.resident).toBe(3);
});

test('reads of the clock that fail are logged when that begins and when it is over, and cost no drop', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { probe, batches, settings, create } = await make({ collection_interval: '10s' });
  const receiver = create();
  await receiver.start();
  probe.onLook = () => {
    throw nativeError('ENOMEM');
  };
  await vi.advanceTimersByTimeAsync(50_000);
  const told = () => settings.lines.filter(({ msg }) => msg.includes('reading the kernel '));
  expect(told()).toMatchObject([{ level: 'error', msg: expect.stringContaining('in the next successful read') }]);
  probe.onLook = () => {};
  probe.tables.unlisted = [entry({ packets: 9 })];
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told().slice(1)).toMatchObject([{ level: 'info', msg: 'reading the kernel works again', failures: 5 }]);
  expect(drops(batches)).toBe(9);
  await receiver.shutdown(1_000);
});

describe('capabilities: drop', () => {
  test('gives them up after a read, and a receiver that would have to load is refused before it starts', async () => {
    const { probe, dropped, create } = await make({ capabilities: 'drop' });
    const looks: boolean[] = [];
    probe.onLook = () => looks.push(dropped.capabilities);
    const receiver = create();
    await receiver.start();
    expect(dropped.capabilities).toBe(true);
    expect(looks[0]).toBe(false);
    expect(looks.at(-1)).toBe(true);
    expect(() => create({ collection_interval: '2h' })).toThrow(/has dropped its capabilities/);
    await receiver.shutdown(1_000);
  });

  test.each([
    [[{}], true],
    [[{ attributes: ['code.function.name'] }], false],
    [[{ netfilter_detail: 'stack' }], false],
    [[{ attributes: ['netfilter.hook'] }, {}], false],
    [[{}, { attributes: ['network.transport'] }], true],
  ])('freezes what is only read, and closes what no receiver needs any more: %j', async (configs, closed) => {
    const { probe, dropped, create } = await make();
    const receivers = configs.map((config, index) =>
      create({ ...config, capabilities: index === configs.length - 1 ? 'drop' : 'keep' }),
    );
    for (const receiver of receivers) await receiver.start();
    expect(probe.frozen).toBe(receivers.length);
    expect(dropped.symbols).toBe(closed);
    for (const receiver of receivers) await receiver.shutdown(1_000);
  });

  test('is a mistake of the configuration where the kernel then refuses to read maps', async () => {
    const { probe, dropped, create } = await make({ capabilities: 'drop' });
    probe.onLook = () => {
      if (dropped.capabilities) throw nativeError('EPERM', { code: 'ERR_MAP' });
    };
    const receiver = create();
    await expect(receiver.start()).rejects.toThrow(/capabilities: "drop".*kernel\.unprivileged_bpf_disabled/);
    probe.onLook = () => {};
    await receiver.shutdown(1_000);
    expect(probe.closed).toBe(1);
  });

  test('is not done where it is not asked for', async () => {
    const { probe, dropped, create } = await make();
    const receiver = create();
    await receiver.start();
    expect(dropped).toMatchObject({ capabilities: false, symbols: false });
    expect(probe.frozen).toBe(0);
    await receiver.shutdown(1_000);
  });
});
