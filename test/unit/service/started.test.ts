import { describe, expect, test } from 'vitest';
import type { Component } from '../../../src/component/component.ts';
import { ComponentError } from '../../../src/component/errors.ts';
import { shutdownAll, startAll } from '../../../src/service/started.ts';
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

describe('startAll', () => {
  test('starts in order, each with a host of its own', async () => {
    const hosts: string[] = [];
    const host = (name: string) => {
      hosts.push(name);
      return quietHost;
    };
    await startAll([named('exporters::a'), named('exporters::b')], host);
    expect(journal.splice(0)).toEqual(['start exporters::a', 'start exporters::b']);
    expect(hosts).toEqual(['exporters::a', 'exporters::b']);
  });

  test('names the one that can not, keeps what it said, and starts no more', async () => {
    const cause = new ComponentError('port 9464 is taken');
    const starting = startAll([named('exporters::a'), failing(cause), named('exporters::c')], () => quietHost);
    await expect(starting).rejects.toMatchObject({ message: 'exporters::b: port 9464 is taken', cause });
    expect(journal.splice(0)).toEqual(['start exporters::a']);
  });

  test('something thrown that is no error is told too', async () => {
    await expect(startAll([failing('text')], () => quietHost)).rejects.toThrow('exporters::b: text');
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
