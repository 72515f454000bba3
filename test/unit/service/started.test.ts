import { describe, expect, test } from 'vitest';
import type { Component } from '../../../src/component/component.ts';
import { ComponentError } from '../../../src/component/errors.ts';
import { Interrupted, Starter, shutdownAll } from '../../../src/service/started.ts';
import { quietHost } from '../../support/settings.ts';

const journal: string[] = [];

function named(name: string, more: Partial<Component> = {}) {
  const component: Component = {
    start: async () => void journal.push(`start ${name}`),
    shutdown: async (deadlineMillis) => void journal.push(`stop ${name} ${deadlineMillis}`),
    ...more,
  };
  return { name, component };
}

const failing = (error: unknown) => named('exporters::b', { start: () => Promise.reject(error) });

describe('a Starter', () => {
  test('starts in order, each with a host of its own', async () => {
    const hosts: string[] = [];
    const host = (name: string) => {
      hosts.push(name);
      return quietHost;
    };
    await new Starter(host).start([named('exporters::a'), named('exporters::b')]);
    expect(journal.splice(0)).toEqual(['start exporters::a', 'start exporters::b']);
    expect(hosts).toEqual(['exporters::a', 'exporters::b']);
  });

  test('names the one that can not, keeps what it said, and starts no more', async () => {
    const cause = new ComponentError('port 9464 is taken');
    const starting = new Starter(() => quietHost).start([named('exporters::a'), failing(cause), named('exporters::c')]);
    await expect(starting).rejects.toMatchObject({ message: 'exporters::b: port 9464 is taken', cause });
    expect(journal.splice(0)).toEqual(['start exporters::a']);
  });

  test('something thrown that is no error is told too', async () => {
    await expect(new Starter(() => quietHost).start([failing('text')])).rejects.toThrow('exporters::b: text');
  });
});

describe('an interrupted Starter', () => {
  /** Starts for as long as it isn't shut down; then ends as the test wants it. */
  function waiting(end: 'resolves' | 'rejects') {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    return named('processors::slow', {
      start: () => promise,
      shutdown: async () => (end === 'resolves' ? resolve() : reject(new Error('it was told to end'))),
    });
  }

  test.each(['resolves', 'rejects'] as const)('shuts down what is starting, which %s, and starts no more', async (end) => {
    const starter = new Starter(() => quietHost);
    const starting = starter.start([named('exporters::a'), waiting(end), named('receivers::b')]);
    await new Promise(setImmediate);
    await starter.interrupt(100);
    await expect(starting).rejects.toThrow(Interrupted);
    await expect(starter.start([named('extensions::c')])).rejects.toThrow(Interrupted);
    expect(journal.splice(0)).toEqual(['start exporters::a']);
  });

  test('before its start starts nothing', async () => {
    const starter = new Starter(() => quietHost);
    await starter.interrupt(100);
    await expect(starter.start([named('exporters::a')])).rejects.toThrow(Interrupted);
    expect(journal.splice(0)).toEqual([]);
  });
});

test('shutdownAll shuts all down at once, with the deadline', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = named('slow', { shutdown: () => promise });
  const ended = shutdownAll([slow, named('quick')], 100);
  expect(journal.splice(0)).toEqual(['stop quick 100']);
  resolve();
  await ended;
});
