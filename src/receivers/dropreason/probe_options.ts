import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type DropreasonConfig, type OptInAttribute, recordsChains } from './config.ts';
import { BPF_OBJECT, type KernelFacts, type Layout, type ProbeOptions, type SymbolRange } from './probe.ts';
import { Reasons } from './reasons/reasons.ts';

/** Facts about the kernel that this user may read. */
export interface Surroundings {
  readonly layout: Layout;
  readonly facts: KernelFacts;
  /** Addresses of the functions that free lists of fragments; empty if addresses are hidden. */
  readonly symbols: Readonly<Record<string, SymbolRange>>;
}

export interface Plan {
  readonly options: ProbeOptions;
  readonly reasons: Reasons;
  /** Whether the function that freed a packet has a name. */
  readonly named: boolean;
  /** Whether that function determines the reason, because the kernel's reason isn't used. */
  readonly byFunction: boolean;
  /** Whether call chains show what NAT and conntrack dropped: true if nftables frees its own drops. */
  readonly chainsTell: boolean;
}

/** Translates the configuration into options of the programs. `nowMillis` is the start of counting, if it starts now. */
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

/** Always includes the function that frees packets without a reason, if it has a name: it determines their class. */
function attributeBits(config: DropreasonConfig, { attributes: bits }: Layout, named: boolean): number {
  const bitOf: Readonly<Record<OptInAttribute, number>> = {
    'network.type': 0, // always part of a row
    'network.transport': bits.protocol,
    'network.interface.name': bits.interface,
    'network.namespace.inode': bits.netns,
    'code.function.name': named ? bits.everyLocation : 0,
    'netfilter.hook': 0, // comes from the call chain
  };
  const asked = config.attributes.reduce((sum, attribute) => sum | bitOf[attribute], 0);
  return asked | (named ? bits.location : 0) | (named && recordsChains(config) ? bits.stack : 0);
}

/** 64 hexadecimal digits that differ if the pinned programs would count something else, or elsewhere. */
export function fingerprint(options: Omit<ProbeOptions, 'pin'>, hooks: DropreasonConfig['hooks']): string {
  const { object, ...kernel } = options;
  const text = JSON.stringify({ kernel, hooks }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? [...value] : value,
  );
  return createHash('sha256').update(readFileSync(object)).update(text).digest('hex');
}
