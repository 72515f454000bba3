import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { Connections } from '../../../src/http/connections.ts';
import { Turns } from '../../../src/http/turns.ts';
import { Unsent } from '../../../src/http/unsent.ts';

const body = (length: number) => ({ chunks: [], length });

describe('Connections', () => {
  it('ends the one that has been idle for the longest for a new one', () => {
    const connections = new Connections(2);
    const [first, second, third] = [new PassThrough(), new PassThrough(), new PassThrough()] as const;
    expect([first, second].map((socket) => connections.add(socket))).toEqual([false, false]);
    connections.mark(first, 'waiting');
    connections.mark(first, 'idle');
    expect(connections.add(third)).toBe(true);
    expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
  });

  it('refuses a new one while all others are waiting, or have read for less than a second', async () => {
    const connections = new Connections(2);
    const [waiting, sending, late, later] = [new PassThrough(), new PassThrough(), new PassThrough(), new PassThrough()] as const;
    connections.add(waiting);
    connections.mark(waiting, 'waiting');
    connections.add(sending);
    connections.mark(sending, 'sending');
    connections.add(late);
    expect(connections.stateOf(late)).toBe('refused');
    await expect.poll(() => late.destroyed, { timeout: 5_000 }).toBe(true);
    connections.add(later);
    expect([waiting, sending, later].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
    expect(connections.stateOf(later)).toBe('idle');
  });

  it('disconnects those who are too many even to be refused', () => {
    const connections = new Connections(1);
    const only = new PassThrough();
    connections.add(only);
    connections.mark(only, 'waiting');
    const others = Array.from({ length: 100 }, () => new PassThrough());
    for (const other of others) connections.add(other);
    expect(others.filter(({ destroyed }) => !destroyed)).toHaveLength(64);
    connections.endAll();
    expect([only, ...others].every(({ destroyed }) => destroyed)).toBe(true);
  });
});

describe('Unsent', () => {
  function make(most: number) {
    const stalled: PassThrough[] = [];
    const unsent = new Unsent(most, (socket) => stalled.push(socket as PassThrough));
    return { unsent, stalled };
  }

  it('has room for one body of any length, once for all who share it, and for small ones', () => {
    const { unsent } = make(100_000);
    const large = body(1e9);
    expect(unsent.add(large, new PassThrough())).toBe(true);
    expect(unsent.add(large, new PassThrough())).toBe(true);
    expect(unsent.add(body(5_000), new PassThrough())).toBe(false);
    expect(unsent.add(body(4_000), new PassThrough())).toBe(true);
  });

  it('has room again when the last has it', () => {
    const { unsent } = make(10_000);
    const first = body(9_000);
    const [one, two] = [new PassThrough(), new PassThrough()];
    unsent.add(first, one);
    unsent.add(first, two);
    unsent.remove(first, one);
    expect(unsent.add(body(9_000), one)).toBe(false);
    unsent.remove(first, two);
    unsent.remove(first, two);
    expect(unsent.add(body(9_000), one)).toBe(true);
    expect(unsent.add(body(5_000), one)).toBe(false);
  });

  it('disconnects stalled clients, but not those that make progress', async () => {
    const { unsent, stalled } = make(20_000);
    const [asleep, awake] = [new PassThrough(), new PassThrough()];
    const [first, second] = [body(9_000), body(9_000)];
    unsent.add(first, asleep);
    unsent.add(second, awake);
    expect(unsent.add(body(9_000), awake)).toBe(false);
    await sleep(600);
    unsent.progress(second, awake);
    expect(unsent.add(body(9_000), awake)).toBe(true);
    expect(stalled).toEqual([asleep]);
    expect(unsent.add(body(9_000), awake)).toBe(false);
  });

  it('makes the next response wait for readers to finish, but not forever', async () => {
    const { unsent } = make(10_000);
    const first = body(9_000);
    const socket = new PassThrough();
    await unsent.room();
    unsent.add(first, socket);
    let isThere = false;
    const room = unsent.room().then(() => {
      isThere = true;
    });
    await sleep(20);
    expect(isThere).toBe(false);
    unsent.remove(first, socket);
    await room;
    unsent.add(first, socket);
    await unsent.room();
  });
});

describe('Turns', () => {
  it('runs one of a connection at a time, in order, and no more once it has ended', async () => {
    const turns = new Turns();
    const socket = new PassThrough();
    const log: string[] = [];
    const take = (name: string) =>
      turns.take(socket, async () => {
        log.push(`${name} begins`);
        await sleep(5);
        log.push(`${name} ends`);
        if (name === 'b') socket.destroy();
      });
    expect(['a', 'b', 'c'].map(take)).toEqual([true, true, true]);
    await expect.poll(() => log.length).toBe(4);
    await sleep(20);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('limits the waiting requests, per connection and in total', async () => {
    const turns = new Turns();
    const never = () => new Promise<void>(() => {});
    const taken = (count: number, socket = new PassThrough()) =>
      Array.from({ length: count }, () => turns.take(socket, never)).filter(Boolean).length;
    expect(taken(100)).toBe(33);
    for (let connection = 0; connection < 30; connection++) expect(taken(33)).toBe(33);
    expect(taken(33)).toBe(9);
  });
});

describe('the settings of a server', () => {
  it.each(['read_header_timeout', 'read_timeout', 'write_timeout', 'idle_timeout'])('%s is a second at least', (key) => {
    expect(serverSettings.safeParse({ [key]: '0s' }).error?.issues[0]?.message).toBe('must be at least 1s, got "0s"');
    expect(serverSettings.parse({ [key]: '90s' })).toMatchObject({ [key]: 90_000 });
  });
});
