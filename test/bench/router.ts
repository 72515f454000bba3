import { removeAllTestbeds, Testbed } from '../kernel/testbed.ts';
import type { Lab } from './lab.ts';

/** A packet that passes these rules has passed all netfilter hooks that we may watch: conntrack, its NAT, a filter. */
const RULES = [
  'iptables -P FORWARD DROP',
  'iptables -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT',
  'iptables -t nat -A POSTROUTING -o east -j SNAT --to-source 10.2.0.1',
].join(' && ');

/** A client and a server with a router between them that tracks connections and translates their source, while `use` runs. */
export async function withNatRouter<Result>(lab: Lab, use: (bed: Testbed) => Promise<Result>): Promise<Result> {
  lab.defer(removeAllTestbeds);
  const bed = await Testbed.make('router');
  try {
    await bed.sh('router', RULES);
    return await use(bed);
  } finally {
    await bed.remove();
  }
}
