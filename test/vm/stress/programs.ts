import { BPF_OBJECT, type KernelFacts, native, type Probe, type ProbeOptions } from '../../../src/receivers/dropreason/probe.ts';

/** The programs under test, loaded separately, so that a test can attach its own between them. */
export class Programs {
  readonly facts: KernelFacts;
  readonly probe: Probe;
  /** Reasons that have node rows. */
  readonly listed: number;
  readonly #names: ReadonlyMap<number, string>;

  /** `attributes` are bits of Layout.attributes. */
  constructor(attributes: number, attributesMaxEntries = 4096) {
    const { kernelFacts, layout, Probe, symbolRanges } = native();
    this.facts = kernelFacts();
    this.#names = new Map(this.facts.reasons.map(({ name, value }) => [value, name.replace('SKB_DROP_REASON_', '')]));
    const numberOf = (reason: string) => this.facts.reasons.find(({ name }) => name === `SKB_DROP_REASON_${reason}`)?.value;
    this.listed = Math.max(0, ...[...this.#names.keys()].filter((value) => value < 0x1_0000)) + 1;
    const symbols = symbolRanges(['skb_release_data', 'kfree_skb_list']);
    const unspecified = numberOf('NOT_SPECIFIED') ?? 0;
    const options: ProbeOptions = {
      object: BPF_OBJECT,
      reasons: Math.min(this.listed, layout.maxReasons),
      unspecified,
      netfilter: numberOf('NETFILTER_DROP') ?? unspecified,
      attributes,
      attributesMaxEntries,
      atomic: !this.facts.guarded,
      reasoned: this.facts.reasons.length > 0,
      notes: true,
      rescue: this.facts.guarded,
      fragments: symbols.skb_release_data,
      lists: symbols.kfree_skb_list,
      hints: new Uint8Array(256),
      flows: undefined,
      pin: undefined,
    };
    this.listed = options.reasons;
    this.probe = new Probe(options);
  }

  /** `kfree_skb` and `nested` have twins for kernels that can't cast a pointer. */
  attachDrops(program: 'kfree_skb' | 'nested'): void {
    this.probe.attach([{ program: this.facts.casts ? program : `${program}_copy`, target: '' }]);
  }

  /** A reason's name, or its number if it has no name. */
  readonly nameOf = (reason: number): string => this.#names.get(reason) ?? String(reason);
}
