import type { Role, Testbed } from './testbed.ts';

/** What somebody else has counted so far. */
export interface Count {
  readonly drops: number;
  /** Undefined where that counter has no bytes, or counts others. */
  readonly bytes?: number;
}

/** Reads a counter that has nothing to do with ours; rising, from where it may begin. */
export type Counter = () => Promise<Count>;

export type IptablesVariant = 'nft' | 'legacy';

/** `iptables-nft` or its like, for the family of the testbed. */
export function iptables(bed: Testbed, variant: IptablesVariant): string {
  return `ip${bed.v6 ? '6' : ''}tables-${variant}`;
}

function sum(counts: Iterable<RegExpMatchArray>): Count {
  let [drops, bytes] = [0, 0];
  for (const match of counts) {
    drops += Number(match[1]);
    bytes += Number(match[2]);
  }
  return { drops, bytes };
}

/** The rules of one iptables table that drop, reject or masquerade, by their own packet and byte counters. */
export function iptablesRules(bed: Testbed, role: Role, variant: IptablesVariant, table: string): Counter {
  return async () => {
    const saved = await bed.sh(role, `${iptables(bed, variant)}-save -c -t ${table}`);
    return sum(saved.matchAll(/^\[(\d+):(\d+)\] -A .* -j (?:DROP|REJECT|MASQUERADE)\b/gm));
  };
}

/** The packets that came to the end of a chain whose policy is to drop them. */
export function iptablesPolicies(bed: Testbed, role: Role, variant: IptablesVariant, table: string): Counter {
  return async () => {
    const saved = await bed.sh(role, `${iptables(bed, variant)}-save -c -t ${table}`);
    return sum(saved.matchAll(/^:\S+ DROP \[(\d+):(\d+)\]/gm));
  };
}

/**
 * Every nft rule with a counter in that namespace, or in one table of it. `before`: the bytes of each packet that it counts
 * in front of the network header.
 */
export function nftRules(bed: Testbed, role: Role, { before = 0, table }: { before?: number; table?: string } = {}): Counter {
  const list = table === undefined ? 'nft list ruleset' : `nft list table ${table}`;
  return async () => {
    const { drops, bytes = 0 } = sum((await bed.sh(role, list)).matchAll(/counter packets (\d+) bytes (\d+)/g));
    return { drops, bytes: bytes - before * drops };
  };
}

/** Connections that conntrack could not add, by its own statistics: one line of hexadecimal numbers a CPU, below their names. */
export function insertFailures(bed: Testbed, role: Role): Counter {
  return async () => {
    const [names = '', ...cpus] = bed.proc(role, 'stat/nf_conntrack').trim().split('\n');
    const index = names.split(/\s+/).indexOf('insert_failed');
    if (index < 0) throw new Error('no insert_failed in /proc/net/stat/nf_conntrack');
    return { drops: cpus.reduce((total, line) => total + Number.parseInt(line.split(/\s+/)[index] ?? '', 16), 0) };
  };
}

/** `Udp` `NoPorts` and the like: IPv4's from /proc/net/snmp or netstat, IPv6's (`Udp6NoPorts`) from snmp6. */
export function snmp(bed: Testbed, role: Role, protocol: string, name: string): Counter {
  return async () => {
    const text = bed.v6 ? bed.proc(role, 'snmp6') : bothTables(bed, role);
    return { drops: bed.v6 ? v6Value(text, `${protocol}6${name}`) : v4Value(text, protocol, name) };
  };
}

/** A value that IPv4 and IPv6 share, such as `Tcp` `AttemptFails`. */
export function sharedSnmp(bed: Testbed, role: Role, protocol: string, name: string): Counter {
  return async () => ({ drops: v4Value(bothTables(bed, role), protocol, name) });
}

function bothTables(bed: Testbed, role: Role): string {
  return bed.proc(role, 'snmp') + bed.proc(role, 'netstat');
}

function v6Value(text: string, name: string): number {
  const match = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text);
  if (match === null) throw new Error(`no ${name} in /proc/net/snmp6`);
  return Number(match[1]);
}

/** Two lines a protocol: names, then values in the same order. */
function v4Value(text: string, protocol: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${protocol}: `));
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const index = lines[i]?.split(' ').indexOf(name) ?? -1;
    if (index > 0) return Number(lines[i + 1]?.split(' ')[index]);
  }
  throw new Error(`no ${protocol} ${name} in /proc/net/snmp or netstat`);
}

/** What the queueing disciplines of a device say they dropped; their bytes have the link's header and aren't used. */
export function qdiscDrops(bed: Testbed, role: Role, device: string): Counter {
  return async () => {
    const shown = await bed.sh(role, `tc -s qdisc show dev ${device}`);
    return { drops: sum(shown.matchAll(/\(dropped (\d+),()/g)).drops };
  };
}

/** What a device itself counts of what it was given to send, or of what it received. */
export function deviceCount(bed: Testbed, role: Role, device: string, way: 'rx' | 'tx', what: 'dropped' | 'packets'): Counter {
  return async () => {
    const [link] = JSON.parse(await bed.sh(role, `ip -s -j link show dev ${device}`));
    return { drops: link.stats64[way][what] };
  };
}

/** Packets that a device has received, less those that came as far as IP: what something between the two has dropped. */
export function lostBeforeIp(bed: Testbed, role: Role, device: string): Counter {
  const arrived = snmp(bed, role, 'Ip', 'InReceives');
  return async () => {
    const shown = await bed.sh(role, `ip -s link show dev ${device}`);
    const received = /RX:.*\n\s*\d+\s+(\d+)/.exec(shown)?.[1];
    if (received === undefined) throw new Error(`no received packets in ${shown}`);
    return { drops: Number(received) - (await arrived()).drops };
  };
}

/** A counter of which one is several drops of ours. */
export function times(factor: number, counter: Counter): Counter {
  return async () => ({ drops: factor * (await counter()).drops });
}

/** A counter that the scenario itself keeps, from what the traffic tool was told by the kernel. */
export class Told {
  drops = 0;
  readonly counter: Counter = async () => ({ drops: this.drops });
}
