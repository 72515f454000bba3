import { describe, expect, test } from 'vitest';
import { check } from '../../../../src/config/issues.ts';
import { configSchema, recordsChains } from '../../../../src/receivers/dropreason/config.ts';

const BASE = ['receivers', 'dropreason'];

function told(config: object): string[] {
  const checked = check(configSchema, config, BASE);
  return 'data' in checked ? [] : checked.complaints.map(({ path, message }) => `${path.slice(2).join('::')}: ${message}`);
}

describe('hooks', () => {
  test('are on, and none waits for a blocking call by kprobe, or runs by it for every packet that passes', () => {
    const { hooks } = configSchema.parse({});
    expect(Object.values(hooks).every(({ enabled }) => enabled)).toBe(true);
    expect(Object.fromEntries(Object.entries(hooks).map(([hook, { attach }]) => [hook, attach]))).toEqual({
      kfree_skb: ['tracepoint'],
      nested: ['tracepoint'],
      nat: ['fexit', 'tracepoint'],
      conntrack: ['fexit', 'kprobe', 'tracepoint'],
      connect: ['fexit', 'kprobe', 'state'],
      accept: ['fexit', 'kprobe'],
    });
  });

  test.each([
    [{ nat: { attach: [] } }, 'hooks::nat::attach: must have at least one rung; to disable the hook, write "enabled: false"'],
    [{ kfree_skb: { attach: ['fexit'] } }, 'hooks::kfree_skb::attach::0: must be "tracepoint", got "fexit"'],
    [{ nat: { attach: 'fexit' } }, 'hooks::nat::attach: must be a list, got "fexit"'],
    [
      { connect: { attach: ['kprob'] } },
      'hooks::connect::attach::0: must be one of "fexit", "kprobe", "tracepoint", "state", got "kprob"; did you mean "kprobe"?',
    ],
    [{ nested: { attatch: ['tracepoint'] } }, 'hooks::nested::attatch: is not a known key; did you mean "attach"?'],
    [{ conntrak: {} }, 'hooks::conntrak: is not a known key; did you mean "conntrack"?'],
  ])('%j is a mistake', (hooks, message) => {
    expect(told({ hooks })).toEqual([message]);
  });
});

test.each(['run/dropreason', '', '/', '/sys/fs/bpf/'])('%j is no place to pin at', (path) => {
  expect(told({ pin_path: path })).toEqual([
    `pin_path: must be an absolute path in a BPF file system, got ${JSON.stringify(path)}`,
  ]);
});

test('call chains are recorded where they are asked for, by either key', () => {
  const records = (config: object) => recordsChains(configSchema.parse(config));
  expect(records({})).toBe(false);
  expect(records({ netfilter_detail: 'stack' })).toBe(true);
  expect(records({ attributes: ['netfilter.hook'] })).toBe(true);
});

describe('user', () => {
  test.each([
    ['nobody', 'nobody'],
    [65534, '65534'],
    ['65534:daemon', '65534:daemon'],
  ])('%j is one beside capabilities: drop', (user, expected) => {
    expect(configSchema.parse({ capabilities: 'drop', user })).toMatchObject({ user: expected });
  });

  test.each([[{ user: 'nobody' }], [{ user: 'nobody', capabilities: 'keep' }]])('%j is a mistake', (config) => {
    expect(told(config)).toEqual(['user: requires "capabilities: drop", because another user has no capabilities']);
  });

  test.each(['', ':', 'nobody:', ':nobody', 'no body', 'a:b:c', -1, 1.5, null, []])('%j is none', (user) => {
    expect(told({ capabilities: 'drop', user })).toEqual([
      expect.stringMatching(/^user: must be a user or user:group, each a name or a number, such as "nobody" or "65534:65534"/),
    ]);
  });
});
