import type { HookStatus } from '../../pdata/batch.ts';
import { dropProgram, hookTable } from './attach/hooks.ts';
import { type KernelView, RUNNING_KERNEL } from './attach/kernel_view.ts';
import { Ladder } from './attach/ladder.ts';
import type { Chains } from './attach/standing.ts';
import { type DropreasonConfig, type Rung, recordsChains } from './config.ts';
import { type KernelFacts, type Layout, native, type Probe } from './probe.ts';
import { type Plan, planProbe } from './probe_options.ts';
import type { Reasons } from './reasons/reasons.ts';

/** The counting programs, loaded and attached, with what is needed to read what they count. */
export interface Session {
  readonly probe: Probe;
  readonly layout: Layout;
  readonly facts: KernelFacts;
  readonly reasons: Reasons;
  /** Where each hook stands; changes as modules come. */
  readonly ladder: Pick<Ladder, 'hooks' | 'reports' | 'retry' | 'freeze'>;
  /** The program that counts packets. */
  readonly dropProgram: string;
  /** Whether the kernel function that freed a packet can be named. */
  readonly named: boolean;
  /** Whether it tells the reason, since the kernel's isn't used. */
  readonly byFunction: boolean;
  /** Whether call chains tell what NAT and conntrack dropped. */
  readonly chainsTell: boolean;
}

/** Loads and attaches. Throws a NativeError where packets can't be counted; any other hook that can't be attached is told. */
export function openSession(config: DropreasonConfig, kernel: KernelView = RUNNING_KERNEL): Session {
  const { kernelFacts, layout, symbolRanges, Probe } = native();
  const facts = kernelFacts();
  const symbols = symbolRanges(['skb_release_data', 'kfree_skb_list']);
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

/** Before reasons came nftables freed nothing itself: what nf_hook_slow() frees may be any hook function's, and no chain tells. */
function chains({ named, chainsTell }: Pick<Plan, 'named' | 'chainsTell'>, asked: boolean): Chains {
  if (!chainsTell) return { recorded: false, hint: 'before Linux 5.17 no call chain tells either' };
  if (asked) return { recorded: named, hint: 'netfilter_detail: stack would tell, but needs kernel symbols (CAP_SYSLOG)' };
  return { recorded: false, hint: named ? 'netfilter_detail: stack would tell, at some microseconds a drop' : '' };
}

/** Whether a hook is attached, on that rung or on whichever. */
export function isAttached({ ladder }: Pick<Session, 'ladder'>, hook: HookStatus['hook'], rung?: Rung): boolean {
  return ladder.hooks.some((status) => status.hook === hook && status.attached && (rung ?? status.rung) === status.rung);
}
