import { expect, test } from 'vitest';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { expected } from '../../kernel/expectations.ts';
import { parseRungs, type Rung, rungDue, rungsConfig } from '../../kernel/rungs.ts';
import type { Scenario } from '../../kernel/scenario.ts';
import { scenarios } from '../../kernel/scenarios/index.ts';

function named(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`no scenario "${name}"`);
  return found;
}

test('what is asked for is what the receiver is told', () => {
  expect(rungsConfig(parseRungs('default'))).toEqual({});
  expect(rungsConfig(parseRungs('nat=stack,accept=none'))).toEqual({
    hooks: { nat: { attach: ['tracepoint'] }, accept: { enabled: false } },
    netfilter_detail: 'stack',
  });
  for (const rungs of ['fexit', 'kprobe', 'tracepoint', 'stack', 'none', 'nat=stack,accept=none']) {
    expect(() => configSchema.parse(rungsConfig(parseRungs(rungs)))).not.toThrow();
  }
  expect(() => parseRungs('kprobes')).toThrow(RangeError);
  expect(() => parseRungs('nat=kprobe,acept=none')).toThrow(RangeError);
});

test('a tracepoint tells nothing of NAT without call chains, and one hook that has them gives them to the other', () => {
  expect(rungDue('nat', parseRungs('tracepoint'), '6.12')).toBe('none');
  expect(rungDue('nat', parseRungs('stack'), '6.12')).toBe('tracepoint');
  expect(rungDue('connect', parseRungs('tracepoint'), '6.12')).toBe('tracepoint');
  expect(rungDue('conntrack', parseRungs('nat=stack,conntrack=tracepoint'), '6.12')).toBe('tracepoint');
});

test('a drop of NAT is called so only where something can tell', () => {
  const rungs = (rung: Rung) => ({ nat: rung, conntrack: rung, connect: rung, accept: rung });
  const reason = (name: string, line: '5.10' | '6.1' | '6.12', rung: Rung) =>
    expected(named(name), 'ipv4', { line, rungs: rungs(rung), byFunction: false }).reason;
  expect(reason('nat/nft prerouting', '5.10', 'kprobe')).toBe('IPTABLE_NAT_DROP');
  expect(reason('nat/nft prerouting', '6.12', 'tracepoint')).toBe('IPTABLE_NAT_DROP');
  expect(reason('nat/nft prerouting', '6.1', 'tracepoint')).toBe('IPTABLE_NAT_DROP');
  expect(rungDue('nat', parseRungs('stack'), '5.10')).toBe('none'); // freed when the chain has returned
  expect(reason('nat/legacy PREROUTING', '6.12', 'tracepoint')).toBe('IPTABLE_RULE_DROP');
  expect(reason('nat/nft prerouting', '6.12', 'none')).toBe('IPTABLE_RULE_DROP');
  expect(reason('conntrack/nft SNAT onto one port local', '6.12', 'none')).toBe('IPTABLE_RULE_DROP');
});

test('without a hook of calls none is counted, and without reasons only netfilter, hooks and calls have one', () => {
  const none = { nat: 'none', conntrack: 'none', connect: 'none', accept: 'none' } as const;
  const view = { line: '6.12', rungs: none, byFunction: true } as const;
  expect(expected(named('accept/not listening'), 'ipv6', view)).toMatchObject({ uncounted: true });
  expect(expected(named('routing/no route'), 'ipv6', view).reason).toBe('UNKNOWN_DROP');
  expect(expected(named('nftables/inet'), 'ipv6', view).reason).toBe('IPTABLE_RULE_DROP');
});
