import type { HookStatus } from '../../pdata/batch.ts';
import type { DropreasonConfig, OptInAttribute } from './config.ts';
import { BPF_OBJECT, type KernelFacts, type Layout, type NativeError, native, type Probe, type ProbeOptions } from './probe.ts';
import { Reasons } from './reasons.ts';

/** The programs that count packets: one for kernels where it can read by plain loads, its twin for the others. */
const DROP_PROGRAMS = { casting: 'kfree_skb', copying: 'kfree_skb_copy' } as const;

/** The programs that each hook of failed calls needs. */
const HOOK_PROGRAMS = {
  connect: ['sys_exit', 'inet_sock_set_state'],
  accept: ['sys_exit'],
} as const;

type CallHook = keyof typeof HOOK_PROGRAMS;
const CALL_HOOKS: readonly CallHook[] = ['connect', 'accept'];

/** Hooks that only annotate, of which there are none on tracepoints alone. */
const ABSENT_HOOKS: readonly HookStatus[] = [
  { hook: 'nat', attached: false, rung: 'none', why: 'counted as IPTABLE_RULE_DROP: no tracepoint tells a NAT drop' },
  { hook: 'conntrack', attached: false, rung: 'none', why: 'counted as IPTABLE_RULE_DROP: no tracepoint tells a conntrack drop' },
];

/** The counting programs, loaded and attached, with what is needed to read what they count. */
export interface Session {
  readonly probe: Probe;
  readonly layout: Layout;
  readonly facts: KernelFacts;
  readonly reasons: Reasons;
  readonly hooks: readonly HookStatus[];
  /** The program that counts packets. */
  readonly dropProgram: string;
  /** Whether the kernel function that freed a packet is asked for, because the kernel gives no reasons. */
  readonly byFunction: boolean;
}

/** What doesn't depend on which hooks can be had. */
type CommonOptions = Omit<ProbeOptions, 'programs' | 'connect' | 'accept'>;

/** Loads and attaches. Throws a NativeError where packets can't be counted; a hook of failed calls that can't be is told. */
export function openSession(config: DropreasonConfig): Session {
  const { kernelFacts, layout, symbolRanges } = native();
  const facts = kernelFacts();
  const reasons = new Reasons(facts.reasons, layout.maxReasons);
  const symbols = symbolRanges(['skb_release_data', 'kfree_skb_list']);
  const byFunction = facts.reasons.length === 0 && symbols.skb_release_data !== undefined;
  const dropProgram = facts.casts ? DROP_PROGRAMS.casting : DROP_PROGRAMS.copying;
  const options: CommonOptions = {
    object: BPF_OBJECT,
    reasons: reasons.listed,
    unspecified: reasons.unspecified,
    attributes: attributeBits(config.attributes, layout) | (byFunction ? layout.attributes.location : 0),
    attributesMaxEntries: config.attributes_max_entries,
    atomic: !facts.guarded,
    fragments: symbols.skb_release_data,
    lists: symbols.kfree_skb_list,
    hints: reasons.hints(layout.hints),
  };
  const wanted = CALL_HOOKS.filter((hook) => config.hooks[hook].enabled);
  const { probe, refused } = load(options, dropProgram, wanted);
  try {
    probe.attach(dropProgram);
    const calls = CALL_HOOKS.map((hook) => attachCallHook(probe, hook, config.hooks[hook].enabled, refused));
    const drops: HookStatus = { hook: 'kfree_skb', attached: true, rung: 'tracepoint', why: '' };
    return { probe, layout, facts, reasons, dropProgram, byFunction, hooks: [drops, ...ABSENT_HOOKS, ...calls] };
  } catch (error) {
    probe.close();
    throw error;
  }
}

/** Loads all programs, or the one that counts packets alone where the kernel refuses those of failed calls. */
function load(options: CommonOptions, dropProgram: string, calls: readonly CallHook[]): { probe: Probe; refused: string } {
  const { Probe } = native();
  const open = (hooks: readonly CallHook[]): Probe =>
    new Probe({
      ...options,
      programs: [...new Set([dropProgram, ...hooks.flatMap((hook) => HOOK_PROGRAMS[hook])])],
      connect: hooks.includes('connect'),
      accept: hooks.includes('accept'),
    });
  try {
    return { probe: open(calls), refused: '' };
  } catch (error) {
    if (calls.length === 0) throw error;
    return { probe: open([]), refused: (error as NativeError).message };
  }
}

function attachCallHook(probe: Probe, hook: CallHook, enabled: boolean, refused: string): HookStatus {
  const detached = { hook, attached: false, rung: 'none' };
  if (!enabled) return { ...detached, why: `turned off by hooks::${hook}::enabled` };
  if (refused !== '') return { ...detached, why: refused };
  try {
    for (const program of HOOK_PROGRAMS[hook]) probe.attach(program);
    return { hook, attached: true, rung: 'tracepoint', why: '' };
  } catch (error) {
    return { ...detached, why: (error as NativeError).message };
  }
}

function attributeBits(attributes: readonly OptInAttribute[], { attributes: bits }: Layout): number {
  const bitOf: Readonly<Record<OptInAttribute, number>> = {
    'network.type': 0, // always part of a row
    'network.transport': bits.protocol,
    'network.interface.name': bits.interface,
    'network.namespace.inode': bits.netns,
  };
  return attributes.reduce((sum, attribute) => sum | bitOf[attribute], 0);
}
