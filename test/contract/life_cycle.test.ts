import { describe, expect, test } from 'vitest';
import type { Consumer } from '../../src/component/consumer.ts';
import { batch, row, Sink } from '../support/rows.ts';
import { quietHost } from '../support/settings.ts';
import { create, subjects, whyNotStarted } from './every_component.ts';

const DEADLINE_MILLIS = 300;
/** How much longer than its deadline a shutdown may take on a busy machine. */
const GRACE_MILLIS = 1_000;

const ROWS = batch(
  [
    row({ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy', cpu: 0 }, 2, 168),
    row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ECONNREFUSED' }, 1),
    row({ reason: 'UNKNOWN_DROP', direction: 'unknown', class: 'unclassified', cpu: 1 }, 0, 0),
  ],
  {
    trigger: 'interval',
    losses: [{ slot: 'nested', count: 1 }],
    hooks: [{ hook: 'nat', attached: false, rung: 'none', why: '', detail: '' }],
  },
);

describe.each(subjects())('$name', (subject) => {
  const why = whyNotStarted(subject.kind);

  test('starts, stops, and stops again, within the deadline', async (context) => {
    if (why !== undefined) context.skip(why);
    const component = await create(subject);
    await component.start(quietHost);
    const began = Date.now();
    await component.shutdown(DEADLINE_MILLIS);
    expect(Date.now() - began).toBeLessThan(DEADLINE_MILLIS + GRACE_MILLIS);
    await component.shutdown(DEADLINE_MILLIS);
  });

  test('stops without a start', async () => {
    const component = await create(subject);
    await component.shutdown(DEADLINE_MILLIS);
    await component.shutdown(0);
  });

  test('stops at once where there is no time', async (context) => {
    if (why !== undefined) context.skip(why);
    const component = await create(subject);
    await component.start(quietHost);
    const began = Date.now();
    await component.shutdown(0);
    expect(Date.now() - began).toBeLessThan(GRACE_MILLIS);
  });

  test('starts again as another instance once the first has stopped', async (context) => {
    if (why !== undefined) context.skip(why);
    for (let round = 0; round < 2; round++) {
      const component = await create(subject);
      await component.start(quietHost);
      await component.shutdown(DEADLINE_MILLIS);
    }
  });
});

describe.each(subjects(['processors', 'exporters']))('$name as a consumer', (subject) => {
  test('takes batches before its start, while it runs and after its end, and leaves them as they are', async () => {
    const component = await create(subject);
    const { consume } = component as unknown as Consumer;
    const before = structuredClone(ROWS.rows.map(({ drops, bytes }) => ({ drops, bytes })));
    consume.call(component, ROWS);
    await component.start(quietHost);
    consume.call(component, ROWS);
    consume.call(component, batch([]));
    await component.shutdown(DEADLINE_MILLIS);
    consume.call(component, ROWS);
    expect(ROWS.rows.map(({ drops, bytes }) => ({ drops, bytes }))).toEqual(before);
  });
});

describe.each(subjects(['processors']))('$name as a processor', (subject) => {
  test('hands on one batch for each, with losses, hooks, trigger and times as they were', async () => {
    const sink = new Sink();
    const processor = (await create(subject, { next: sink })) as unknown as Consumer;
    processor.consume(ROWS);
    processor.consume(batch([]));
    const { rows: _, ...rest } = ROWS;
    expect(sink.batches).toHaveLength(2);
    expect(sink.batches[0]).toMatchObject(rest);
    expect(sink.batches[1]?.rows).toEqual([]);
  });

  test('invents no drops', async () => {
    const sink = new Sink();
    ((await create(subject, { next: sink })) as unknown as Consumer).consume(ROWS);
    const total = (rows: typeof ROWS.rows) => rows.reduce((all, { drops }) => all + drops, 0);
    expect(total(sink.rows)).toBeLessThanOrEqual(total(ROWS.rows));
  });
});

describe.each(subjects(['receivers']))('$name as a receiver', (subject) => {
  test('reads nothing before its start and after its end', async (context) => {
    const sink = new Sink();
    const receiver = (await create(subject, { next: sink })) as Awaited<ReturnType<typeof create>> & {
      read(trigger: 'request'): Promise<void>;
      announce(): void;
      hooks(): readonly unknown[];
    };
    await receiver.read('request');
    receiver.announce();
    expect(receiver.hooks()).toEqual([]);
    expect(sink.batches).toEqual([]);
    const why = whyNotStarted(subject.kind);
    if (why !== undefined) context.skip(why);
    await receiver.start(quietHost);
    expect(receiver.hooks().length).toBeGreaterThan(0);
    expect(sink.rows.every(({ drops }) => drops === 0)).toBe(true);
    await receiver.shutdown(DEADLINE_MILLIS);
    const told = sink.batches.length;
    await receiver.read('request');
    receiver.announce();
    expect(sink.batches).toHaveLength(told);
  });
});
