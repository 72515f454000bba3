import type { Role, Testbed } from './testbed.ts';

/** The values of an independent counter so far. */
export interface Count {
  readonly drops: number;
  /** Undefined if the counter has no bytes, or counts bytes differently. */
  readonly bytes?: number;
}

/** Reads a counter that is independent of ours. It only rises, and may start at any value. */
export type Counter = () => Promise<Count>;

export type IptablesVariant = 'nft' | 'legacy';

/** `iptables-nft` or a similar command, for the family of the testbed. */
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

/** The packets that reached the end of a chain with policy drop. */
export function iptablesPolicies(bed: Testbed, role: Role, variant: IptablesVariant, table: string): Counter {
  return async () => {
    const saved = await bed.sh(role, `${iptables(bed, variant)}-save -c -t ${table}`);
    return sum(saved.matchAll(/^:\S+ DROP \[(\d+):(\d+)\]/gm));
  };
}

/**
 * All nft rules with a counter in that namespace, or in one of its tables. `before`: the bytes before the network header that nft counts
 * for each packet.
 */
export function nftRules(bed: Testbed, role: Role, { before = 0, table }: { before?: number; table?: string } = {}): Counter {
  const list = table === undefined ? 'nft list ruleset' : `nft list table ${table}`;
  return async () => {
    const { drops, bytes = 0 } = sum((await bed.sh(role, list)).matchAll(/counter packets (\d+) bytes (\d+)/g));
    return { drops, bytes: bytes - before * drops };
  };
}

/** Connections that conntrack could not add, by its own statistics: a line of names, then a line of hexadecimal numbers for each CPU. */
export function insertFailures(bed: Testbed, role: Role): Counter {
  return async () => {
    const [names = '', ...cpus] = bed.proc(role, 'stat/nf_conntrack').trim().split('\n');
    const index = names.split(/\s+/).indexOf('insert_failed');
    if (index < 0) throw new Error('no insert_failed in /proc/net/stat/nf_conntrack');
    return { drops: cpus.reduce((total, line) => total + Number.parseInt(line.split(/\s+/)[index] ?? '', 16), 0) };
  };
}

/** Values such as `Udp` `NoPorts`: IPv4's from /proc/net/snmp or netstat, IPv6's (`Udp6NoPorts`) from snmp6. */
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

/** Two lines for each protocol: names, then values in the same order. */
function v4Value(text: string, protocol: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${protocol}: `));
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const index = lines[i]?.split(' ').indexOf(name) ?? -1;
    if (index > 0) return Number(lines[i + 1]?.split(' ')[index]);
  }
  throw new Error(`no ${protocol} ${name} in /proc/net/snmp or netstat`);
}

/** Drops reported by the queueing disciplines of a device. Their bytes include the link header and aren't used. */
export function qdiscDrops(bed: Testbed, role: Role, device: string): Counter {
  return async () => {
    const shown = await bed.sh(role, `tc -s qdisc show dev ${device}`);
    return { drops: sum(shown.matchAll(/\(dropped (\d+),()/g)).drops };
  };
}

/** A device's own counter for packets that it should send, or that it received. */
export function deviceCount(bed: Testbed, role: Role, device: string, way: 'rx' | 'tx', what: 'dropped' | 'packets'): Counter {
  return async () => {
    const [link] = JSON.parse(await bed.sh(role, `ip -s -j link show dev ${device}`));
    return { drops: link.stats64[way][what] };
  };
}

/** Packets that a device has received, minus those that reached IP: the drops between the two. */
export function lostBeforeIp(bed: Testbed, role: Role, device: string): Counter {
  const arrived = snmp(bed, role, 'Ip', 'InReceives');
  return async () => {
    const shown = await bed.sh(role, `ip -s link show dev ${device}`);
    const received = /RX:.*\n\s*\d+\s+(\d+)/.exec(shown)?.[1];
    if (received === undefined) throw new Error(`no received packets in ${shown}`);
    return { drops: Number(received) - (await arrived()).drops };
  };
}

/** A counter whose unit is several drops of ours. */
export function times(factor: number, counter: Counter): Counter {
  return async () => ({ drops: factor * (await counter()).drops });
}

/** A counter of the scenario itself, from the results that the kernel returned to the traffic tool. */
export class Told {
  drops = 0;
  readonly counter: Counter = async () => ({ drops: this.drops });
}
