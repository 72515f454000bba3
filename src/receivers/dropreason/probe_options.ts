import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type DropreasonConfig, type OptInAttribute, recordsChains } from './config.ts';
import { BPF_OBJECT, type KernelFacts, type Layout, type ProbeOptions, type SymbolRange } from './probe.ts';
import { Reasons } from './reasons/reasons.ts';

/** What the kernel and this user let us know. */
export interface Surroundings {
  readonly layout: Layout;
  readonly facts: KernelFacts;
  /** Where the functions lie that free lists of fragments; empty where addresses are hidden. */
  readonly symbols: Readonly<Record<string, SymbolRange>>;
}

export interface Plan {
  readonly options: ProbeOptions;
  readonly reasons: Reasons;
  /** Whether the function that freed a packet can be named. */
  readonly named: boolean;
  /** Whether that function tells the reason, since the kernel's isn't used. */
  readonly byFunction: boolean;
  /** Whether call chains tell what NAT and conntrack dropped: where nftables frees itself what its rules drop. */
  readonly chainsTell: boolean;
}

/** From the configuration to what the programs are told. `nowMillis` is when counting begins, where it begins anew. */
export function planProbe(config: DropreasonConfig, { layout, facts, symbols }: Surroundings, nowMillis: number): Plan {
  const reasoned = facts.reasons.length > 0 && config.drop_reasons === 'kernel';
  const known = reasoned ? facts.reasons : [];
  const reasons = new Reasons(known, layout.maxReasons);
  const named = symbols.skb_release_data !== undefined;
  const { hooks } = config;
  const options: Omit<ProbeOptions, 'pin'> = {
    object: BPF_OBJECT,
    reasons: reasons.listed,
    unspecified: reasons.unspecified,
    netfilter: known.find(({ name }) => name === 'SKB_DROP_REASON_NETFILTER_DROP')?.value ?? reasons.unspecified,
    attributes: attributeBits(config, layout, named),
    attributesMaxEntries: config.attributes_max_entries,
    atomic: !facts.guarded,
    reasoned,
    notes: [hooks.nat, hooks.conntrack].some(({ enabled, attach }) => enabled && attach.some((rung) => rung !== 'tracepoint')),
    rescue: facts.guarded && hooks.kfree_skb.enabled && hooks.nested.enabled,
    fragments: symbols.skb_release_data,
    lists: symbols.kfree_skb_list,
    flows: config.mode === 'advanced' ? { maxEntries: config.flows.max_entries, ports: config.flows.ports } : undefined,
    hints: reasons.hints(layout.hints),
  };
  const pin = config.pin
    ? { directory: config.pin_path, fingerprint: fingerprint(options, hooks), startTimeMillis: nowMillis }
    : undefined;
  return { options: { ...options, pin }, reasons, named, byFunction: !reasoned && named, chainsTell: facts.reasons.length > 0 };
}

/** Where packets without a reason were freed is always asked for, where it can be named: their class comes from it. */
function attributeBits(config: DropreasonConfig, { attributes: bits }: Layout, named: boolean): number {
  const bitOf: Readonly<Record<OptInAttribute, number>> = {
    'network.type': 0, // always part of a row
    'network.transport': bits.protocol,
    'network.interface.name': bits.interface,
    'network.namespace.inode': bits.netns,
    'code.function.name': named ? bits.everyLocation : 0,
    'netfilter.hook': 0, // told by the call chain
  };
  const asked = config.attributes.reduce((sum, attribute) => sum | bitOf[attribute], 0);
  return asked | (named ? bits.location : 0) | (named && recordsChains(config) ? bits.stack : 0);
}

/** Differs wherever what is pinned would count something else, or elsewhere: 64 hexadecimal digits. */
export function fingerprint(options: Omit<ProbeOptions, 'pin'>, hooks: DropreasonConfig['hooks']): string {
  const { object, ...kernel } = options;
  const text = JSON.stringify({ kernel, hooks }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? [...value] : value,
  );
  return createHash('sha256').update(readFileSync(object)).update(text).digest('hex');
}
