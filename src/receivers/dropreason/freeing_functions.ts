/**
 * On kernels without reasons (before 5.17), the reason is told by the function that freed the packet: the one that 6.12
 * gives at the same place. A function that isn't here is UNKNOWN_DROP.
 */
export const REASON_OF_FUNCTION: Readonly<Record<string, string>> = {
  nft_do_chain: 'IPTABLE_RULE_DROP',
  nf_hook_slow: 'IPTABLE_RULE_DROP',
};
