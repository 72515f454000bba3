import type { Family, Role } from '../testbed.ts';
import { BOTH } from './datagrams.ts';

/** For the devices with their own address. */
export const UPPER_MAC = { client: '02:00:00:00:01:01', router: '02:00:00:00:01:02', server: '02:00:00:00:01:03' } as const;

/** A device on top of another, with its addresses. */
export interface Kind {
  readonly what: string;
  /** The type for `ip link add … type`. */
  readonly type: string;
  /** Lines for `ip -batch` that create it as `up0` on top of `device`, at the end `own` of the cable; the other end is `peer`. */
  make(device: string, own: Role, peer: Role): readonly string[];
  /** Whether it has its own hardware address, which the other end uses. */
  readonly ownMac?: true;
  /** Bytes that it adds in front. Below it, the packet is a new one: of this host, IPv4, between the addresses of the cable. */
  readonly tunnel?: number;
  /** Whether the devices below keep the addresses. */
  readonly below?: true;
  readonly families: readonly Family[];
}

/** The endpoints of tunnels: addresses of the cable itself. */
export const OUTER = { client: '10.9.0.1', router: '10.9.0.2', server: '10.9.0.3' } as const;

const upon = (type: string) => (device: string) => [`link add link ${device} name up0 type ${type}`];

export const KINDS: readonly Kind[] = [
  { what: 'VLAN', type: 'vlan', make: upon('vlan id 7'), families: BOTH },
  {
    what: 'bond',
    type: 'bond',
    make: (device) => [
      'link add up0 type bond mode active-backup miimon 10',
      `link set ${device} down`,
      `link set ${device} master up0`,
    ],
    families: ['ipv4'],
  },
  {
    what: 'bridge',
    type: 'bridge',
    make: (device) => ['link add up0 type bridge mcast_snooping 0', `link set ${device} master up0`],
    families: ['ipv4'],
  },
  {
    what: 'macvlan',
    type: 'macvlan',
    make: (device, own) => [`link add link ${device} name up0 address ${UPPER_MAC[own]} type macvlan mode bridge`],
    ownMac: true,
    families: ['ipv4'],
  },
  {
    what: 'VRF',
    type: 'vrf',
    make: (device) => ['link add up0 type vrf table 10', `link set ${device} master up0`],
    below: true,
    families: BOTH,
  },
  {
    what: 'GRE',
    type: 'gre',
    make: (_, own, peer) => [`link add up0 type gre local ${OUTER[own]} remote ${OUTER[peer]}`],
    tunnel: 24,
    families: BOTH,
  },
  {
    what: 'VXLAN',
    type: 'vxlan',
    make: (_, own, peer) => [
      `link add up0 address ${UPPER_MAC[own]} type vxlan id 9 local ${OUTER[own]} remote ${OUTER[peer]} dstport 4789`,
    ],
    ownMac: true,
    tunnel: 50,
    families: ['ipv4'],
  },
];
