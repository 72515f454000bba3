import type { HookStatus } from '../../pdata/batch.ts';
import type { Chains } from './attach/hook_status.ts';
import { dropProgram, hookTable } from './attach/hooks.ts';
import { type KernelView, RUNNING_KERNEL } from './attach/kernel_view.ts';
import { Ladder } from './attach/ladder.ts';
import { type DropreasonConfig, type Rung, recordsChains } from './config.ts';
import { type KernelFacts, type Layout, native, type Probe } from './probe.ts';
import { type Plan, planProbe } from './probe_options.ts';
import type { Reasons } from './reasons/reasons.ts';

/** The loaded and attached programs, and what is needed to read their counts. */
export interface Session {
  readonly probe: Probe;
  readonly layout: Layout;
  readonly facts: KernelFacts;
  readonly reasons: Reasons;
  /** The state of each hook. Changes when modules are loaded. */
  readonly ladder: Pick<Ladder, 'hooks' | 'reports' | 'retry' | 'freeze'>;
  /** The program that counts packets. */
  readonly dropProgram: string;
  /** Whether the kernel function that freed a packet has a name. */
  readonly named: boolean;
  /** Whether it determines the reason, because the kernel's reason isn't used. */
  readonly byFunction: boolean;
  /** Whether call chains show what NAT and conntrack dropped. */
  readonly chainsTell: boolean;
}

/** Where fragment lists are freed. */
const SYMBOLS = ['skb_release_data', 'kfree_skb_list'];

/** Starts reading what openSession() needs, in a thread. */
export function prepareSession(): void {
  native().readAhead(SYMBOLS);
}

/** Loads and attaches. Throws a NativeError if packets can't be counted. Other hooks that can't be attached are reported. */
export function openSession(config: DropreasonConfig, kernel: KernelView = RUNNING_KERNEL): Session {
  const { kernelFacts, layout, symbolRanges, Probe } = native();
  const facts = kernelFacts();
  const symbols = symbolRanges(SYMBOLS);
  const { options, ...plan } = planProbe(config, { layout, facts, symbols }, Date.now());
  const probe = new Probe(options);
  try {
    const ladder = new Ladder({
      probe,
      hooks: hookTable(facts, layout),
      switches: config.hooks,
      chains: chains(plan, recordsChains(config)),
      guarded: facts.guarded,
      kernel,
    });
    return { probe, layout, facts, ladder, dropProgram: dropProgram(facts), ...plan };
  } catch (error) {
    probe.close();
    throw error;
  }
}

/** On kernels without reasons nftables doesn't free its own drops: nf_hook_slow() frees those of every hook function, so call chains don't help. */
function chains({ named, chainsTell }: Pick<Plan, 'named' | 'chainsTell'>, asked: boolean): Chains {
  if (!chainsTell) return { recorded: false, hint: 'before Linux 5.17 call chains do not help either' };
  if (asked)
    return { recorded: named, hint: 'netfilter_detail: stack would distinguish them, but needs kernel symbols (CAP_SYSLOG)' };
  return { recorded: false, hint: named ? 'netfilter_detail: stack would distinguish them, at some microseconds per drop' : '' };
}

/** Whether a hook is attached, on the given rung or on any. */
export function isAttached({ ladder }: Pick<Session, 'ladder'>, hook: HookStatus['hook'], rung?: Rung): boolean {
  return ladder.hooks.some((status) => status.hook === hook && status.attached && (rung ?? status.rung) === status.rung);
}
