/**
 * The known mistakes of similar programs, and the scenarios that fail if we make the same mistake. Each scenario compares our counts with
 * an independent counter: packets, bytes, errnos and direction.
 */
export const REGRESSIONS: Readonly<Record<string, readonly string[]>> = {
  'accept counting EAGAIN': ['accept/nothing to accept'],
  'bytes read after the packet was freed': [
    'iptables-nft/INPUT',
    'iptables-nft/FORWARD',
    'iptables-nft/OUTPUT',
    'large/UDP GSO in OUTPUT',
  ],
  'return codes overwriting one another': [
    'accept/two errnos by turns',
    'accept/two errnos by turns without waiting',
    'connect/two errnos by turns',
    'connect/two errnos by turns without waiting',
  ],
  'direction always unknown': [
    'iptables-nft/INPUT',
    'iptables-nft/FORWARD',
    'iptables-nft/OUTPUT',
    'nat/nft postrouting forwarded',
  ],
  'NAT and rule both counted': [
    'nat/nft prerouting',
    'nat/legacy PREROUTING',
    'nat/NAT and rule by turns',
    'nat/REJECT behind NAT',
  ],
  'a full map silently hiding new reasons': ['full map/new reasons'],
  'IPv6 not counted on the kprobe rung': [
    'nat/nft prerouting',
    'conntrack/nft SNAT onto one port local',
    'connect/no route',
    'accept/not listening',
  ],
  'egress not counted when the packet never had a device': ['iptables-nft/OUTPUT', 'iptables-legacy/OUTPUT', 'nat/nft output'],
  'every fragment counted as a drop of its own': ['large/fragments to a closed port', 'large/fragments in INPUT'],
};

/** The mistakes that a scenario detects. */
export function regressionsOf(scenario: string): readonly string[] {
  return Object.keys(REGRESSIONS).filter((mistake) => REGRESSIONS[mistake]?.includes(scenario));
}
