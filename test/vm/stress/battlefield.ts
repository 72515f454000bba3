import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { iptablesRules, nftRules, sharedSnmp, snmp } from '../../kernel/counters.ts';
import { Testbed } from '../../kernel/testbed.ts';
import type { Job } from './storm.ts';

/** A counter of the kernel's own, and the expected reason of its drops. */
export interface Dropped {
  readonly by: string;
  readonly reason: string;
  readonly drops: number;
}

const PORT = {
  output: 7001,
  input: 7002,
  forward: 7003,
  prerouting: 7004,
  natChain: 7005,
  sameSource: 7006,
  closed: 7007,
  full: 7008,
  queued: 7009,
  legacyForward: 7010,
} as const;

const ADDRESS = {
  ipv4: { server: '10.2.0.2', loopback: '127.0.0.1', nowhere: '10.99.0.1' },
  ipv6: { server: 'fd02::2', loopback: '::1', nowhere: 'fd99::1' },
} as const;
const FAMILIES = ['ipv4', 'ipv6'] as const;

const drop = (hook: string, priority: number, port: number) =>
  `add chain inet t ${hook} { type filter hook ${hook} priority ${priority}; }; add rule inet t ${hook} udp dport ${port} counter drop`;

/** A client, a router and a server that lose packets in every way that has an exact counter in the kernel. */
export class Battlefield {
  readonly bed: Testbed;

  private constructor(bed: Testbed) {
    this.bed = bed;
  }

  static async make(): Promise<Battlefield> {
    const field = new Battlefield(await Testbed.make('router'));
    await field.#prepare();
    return field;
  }

  async #prepare(): Promise<void> {
    const { bed } = this;
    const snat = (table: string, to: string) =>
      `add table ${table} n; add chain ${table} n p { type nat hook postrouting priority 100; }; ` +
      `add rule ${table} n p udp dport ${PORT.sameSource} snat to ${to}:30000`;
    // Without a rule that translates, conntrack is inactive and no nat chain runs.
    const natDrop = (table: string, to: string) =>
      `add table ${table} n; add chain ${table} n p { type nat hook prerouting priority -100; }; ` +
      `add rule ${table} n p udp dport ${PORT.natChain} counter drop; add rule ${table} n p udp dport 7999 dnat to ${to}`;
    await bed.sh('client', `nft 'add table inet t; ${drop('output', 0, PORT.output)}'`);
    await bed.sh('client', `nft '${snat('ip', '10.1.0.1')}; ${snat('ip6', '[fd01::1]')}'`);
    await bed.sh('client', 'ip route add unreachable 10.99.0.0/16; ip route add unreachable fd99::/64');
    await bed.sh('client', 'tc qdisc add dev eth0 root handle 1: htb');
    await bed.sh('client', 'tc class add dev eth0 parent 1: classid 1:3 htb rate 80kbit');
    await bed.sh('client', 'tc qdisc add dev eth0 parent 1:3 handle 30: pfifo limit 20');
    await bed.sh('router', `nft 'add table inet t; ${drop('forward', 0, PORT.forward)}'`);
    for (const tool of ['iptables-legacy', 'ip6tables-legacy'])
      await bed.sh('router', `${tool} -A FORWARD -p udp --dport ${PORT.legacyForward} -j DROP`);
    await bed.sh('server', `nft 'add table inet t; ${drop('prerouting', -300, PORT.prerouting)}'`);
    await bed.sh(
      'server',
      `nft '${drop('input', 0, PORT.input)}; ${natDrop('ip', ADDRESS.ipv4.server)}; ${natDrop('ip6', ADDRESS.ipv6.server)}'`,
    );
    // Packets that pass the queue and NAT must be dropped too.
    await bed.sh('server', `nft 'add rule inet t input udp dport { ${PORT.queued}, ${PORT.sameSource} } counter drop'`);
  }

  /** Each job for each family. Each family has separate CPUs; jobs that drop in the sending task run on all CPUs. */
  jobs(pace: { readonly burst: number; readonly pauseMicros: number }): Job[] {
    const cpus = availableParallelism();
    return FAMILIES.flatMap((family, index) => {
      const { server, loopback, nowhere } = ADDRESS[family];
      const at = (role: 'client' | 'server', cpu: number) => ({ netns: this.bed.netns(role), cpu: cpu % cpus, ...pace });
      const send = (port: number, cpu = index): Job => ({ ...at('client', cpu), kind: 'send', address: server, port });
      const tasks = Array.from({ length: cpus }, (_, cpu) => send(PORT.output, cpu));
      const { queued, output: _, full, ...others } = PORT;
      return [
        ...tasks,
        ...Object.values(others).map((port) => send(port)),
        send(PORT.sameSource, index + 1),
        { ...send(queued, index + 1), kind: 'bulk' },
        { ...at('server', index), kind: 'receive', address: server, port: full },
        send(full, index + 1),
        { ...at('client', index), kind: 'connect', address: loopback, port: 9 },
        { ...at('client', index + 1), kind: 'connect', address: nowhere, port: 9 },
        { ...at('client', index), kind: 'accept', address: loopback, port: 7101 },
        { ...at('client', index + 1), kind: 'accept', address: loopback, port: 7102, burst: 0 },
      ];
    });
  }

  /** Drops so far, by counter: rules, sockets, queues, conntrack, the backlogs of the CPUs. */
  async dropped(): Promise<readonly Dropped[]> {
    const { bed } = this;
    const dropped: Dropped[] = [];
    const add = (by: string, reason: string, drops: number) => dropped.push({ by, reason, drops });
    const inNatChains = drops(await bed.sh('server', 'nft list table ip n; nft list table ip6 n'));
    add('NAT chains', 'IPTABLE_NAT_DROP', inNatChains);
    for (const role of ['client', 'router'] as const)
      add(`rules of the ${role}`, 'IPTABLE_RULE_DROP', (await nftRules(bed, role)()).drops);
    add('rules of the server', 'IPTABLE_RULE_DROP', drops(await bed.sh('server', 'nft list table inet t')));
    for (const family of FAMILIES) {
      bed.speak(family);
      const legacy = await iptablesRules(bed, 'router', 'legacy', 'filter')();
      add(`legacy rules ${family}`, 'IPTABLE_RULE_DROP', legacy.drops);
      add(`no socket ${family}`, 'NO_SOCKET', (await snmp(bed, 'server', 'Udp', 'NoPorts')()).drops);
      add(`full socket ${family}`, 'SOCKET_RCVBUFF', (await snmp(bed, 'server', 'Udp', 'RcvbufErrors')()).drops);
    }
    add('resets', 'NO_SOCKET', (await sharedSnmp(bed, 'client', 'Tcp', 'OutRsts')()).drops);
    add('not confirmed', 'CONNTRACK_ADD_DROP', conntrackStatistic(bed.proc('client', 'stat/nf_conntrack'), 'insert_failed'));
    const queues = await bed.sh('client', 'tc -s qdisc show dev eth0');
    add('queue', 'QDISC_DROP', Number(/qdisc htb[\s\S]*?\(dropped (\d+),/.exec(queues)?.[1]));
    add('backlogs', 'CPU_BACKLOG', backlogDrops());
    return dropped;
  }

  /** Waits until the queue is empty. */
  async settle(): Promise<void> {
    for (let seconds = 0; seconds < 60; seconds++) {
      if (/qdisc htb[\s\S]*?backlog 0b 0p/.test(await this.bed.sh('client', 'tc -s qdisc show dev eth0'))) return;
      await sleep(1_000);
    }
    throw new Error("the queue doesn't empty");
  }
}

function drops(ruleset: string): number {
  return [...ruleset.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** A column of /proc/net/stat/nf_conntrack: a line of names, then a line for each CPU, in hexadecimal. */
function conntrackStatistic(text: string, name: string): number {
  const [names = [], ...cpus] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const column = names.indexOf(name);
  return cpus.reduce((sum, values) => sum + Number.parseInt(values[column] ?? '', 16), 0);
}

/** Packets that found the receive queue of a CPU full, on the whole machine. */
function backlogDrops(): number {
  const lines = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n');
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[1] ?? '', 16), 0);
}
