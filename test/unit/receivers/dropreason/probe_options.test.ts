import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../../src/receivers/dropreason/config.ts';
import { fingerprint, planProbe } from '../../../../src/receivers/dropreason/probe_options.ts';
import { LAYOUT } from '../../../support/layout.ts';
import { scratchDirectory } from '../../../support/scratch.ts';

const REASONS = [
  { name: 'SKB_DROP_REASON_NOT_SPECIFIED', value: 2 },
  { name: 'SKB_DROP_REASON_NETFILTER_DROP', value: 8 },
];
const SYMBOLS = { skb_release_data: { start: 16n, end: 32n } };

function plan(
  config: object = {},
  { reasons = REASONS, guarded = true, symbols = SYMBOLS as Record<string, never> | typeof SYMBOLS } = {},
) {
  const facts = { reasons, guarded, casts: true, libbpf: '1.1' };
  return planProbe(configSchema.parse(config), { layout: LAYOUT, facts, symbols }, 1000);
}

const bits = LAYOUT.attributes;

describe('what the programs are told', () => {
  test('the numbers of the running kernel', () => {
    expect(plan().options).toMatchObject({
      reasons: 9,
      unspecified: 2,
      netfilter: 8,
      reasoned: true,
      atomic: false,
      rescue: true,
    });
  });

  test.each([
    ['that has no reasons', {}, { reasons: [] }],
    ['whose reasons are not used', { drop_reasons: 'function' }, {}],
  ])('on a kernel %s there is one, and the function tells', (_, config, kernel) => {
    const { options, byFunction } = plan(config, kernel);
    expect(options).toMatchObject({ reasons: 1, unspecified: 0, netfilter: 0, reasoned: false });
    expect(byFunction).toBe(true);
  });

  test('nothing is to be rescued where the kernel skips nothing, or where that is turned off', () => {
    expect(plan({}, { guarded: false }).options).toMatchObject({ rescue: false, atomic: true });
    expect(plan({ hooks: { nested: { enabled: false } } }).options.rescue).toBe(false);
    expect(plan({ hooks: { kfree_skb: { enabled: false } } }).options.rescue).toBe(false);
  });

  test('notes are looked for where a hook may leave one', () => {
    const chains = { attach: ['tracepoint'] };
    expect(plan().options.notes).toBe(true);
    expect(plan({ hooks: { nat: chains } }).options.notes).toBe(true);
    expect(plan({ hooks: { nat: chains, conntrack: { enabled: false } } }).options.notes).toBe(false);
  });

  test.each([
    ['where packets without a reason were freed', {}, bits.location],
    ['where all were', { attributes: ['code.function.name'] }, bits.location | bits.everyLocation],
    ['call chains', { netfilter_detail: 'stack' }, bits.location | bits.stack],
    ['call chains for the hook', { attributes: ['netfilter.hook'] }, bits.location | bits.stack],
    ['no more for the family', { attributes: ['network.type'] }, bits.location],
    [
      'what a packet holds',
      { attributes: ['network.transport', 'network.interface.name', 'network.namespace.inode'] },
      bits.location | bits.protocol | bits.interface | bits.netns,
    ],
  ])('%s', (_, config, expected) => {
    expect(plan(config).options.attributes).toBe(expected);
  });

  test('no address is kept that nobody can name', () => {
    const attributes = ['code.function.name', 'netfilter.hook', 'network.transport'];
    const { options, named, byFunction } = plan({ attributes, drop_reasons: 'function' }, { symbols: {} });
    expect(options).toMatchObject({ attributes: bits.protocol, fragments: undefined });
    expect([named, byFunction]).toEqual([false, false]);
  });
});

describe('what is pinned', () => {
  function print(config: object = {}, programs = 'programs') {
    const object = join(scratchDirectory(), 'object');
    writeFileSync(object, programs);
    return fingerprint({ ...plan(config).options, object }, configSchema.parse(config).hooks);
  }

  test('is where and since when the configuration says', () => {
    expect(plan().options.pin).toBeUndefined();
    const pin = plan({ pin: true, pin_path: '/sys/fs/bpf/here' }).options.pin;
    expect(pin).toMatchObject({ directory: '/sys/fs/bpf/here', startTimeMillis: 1000 });
  });

  test('is known by 64 bytes', () => {
    expect(print()).toMatch(/^[0-9a-f]{64}$/);
    expect(print()).toBe(print());
  });

  test.each([
    ['another attribute', { attributes: ['network.transport'] }],
    ['another size', { attributes_max_entries: 1 }],
    ['a hook turned off', { hooks: { accept: { enabled: false } } }],
    ['another rung', { hooks: { accept: { attach: ['tracepoint'] } } }],
    ['other reasons', { drop_reasons: 'function' }],
    ['call chains', { netfilter_detail: 'stack' }],
  ])('is another with %s', (_, config) => {
    expect(print(config)).not.toBe(print());
  });

  test('is another with other programs, wherever they lie', () => {
    expect(print({}, 'other programs')).not.toBe(print());
  });

  test('is the same where the kernel is told the same', () => {
    const config = {
      collection_interval: '1s',
      capabilities: 'drop',
      pin_path: '/sys/fs/bpf/there',
      attributes: ['network.type'],
    };
    expect(print(config)).toBe(print());
  });
});
