import { type IptablesVariant, iptables } from '../counters.ts';
import type { Step } from '../scenario.ts';
import type { Role, Testbed } from '../testbed.ts';

/** Appends a rule (`CHAIN match -j TARGET`), and removes it again. `table` is `-t TABLE` or empty. */
export function iptablesRule(bed: Testbed, variant: IptablesVariant, at: Role, table: string, rule: string): Step {
  const program = `${iptables(bed, variant)} ${table}`;
  return { at, run: `${program} -A ${rule}`, undo: `${program} -D ${rule}` };
}
