import type { Probe, Row } from '../../../native/index.js';
import { sentIntoRule } from '../../support/draining.ts';
import { native } from './probe_options.ts';

const { attributes, directions } = native.layout;

/** Rows that interface and namespace tell apart, and little room for them. */
export const ROWS = { attributes: attributes.interface | attributes.netns | attributes.protocol, attributesMaxEntries: 8 };

export const PINNED = { fingerprint: 'rows', startTimeMillis: 1_700_000_000_000 };

/** Packets that a rule dropped on their way out, by all that is counted and by what ended rows had counted. */
export function sentIntoRuleByRows(probe: Probe): number {
  const { reasons } = native.kernelFacts();
  const rule = reasons.find(({ name }) => name === 'SKB_DROP_REASON_NETFILTER_DROP')?.value;
  const isTheirs = (row: Row) => row.reason === rule && directions[row.direction] === 'egress';
  const rows = [...probe.entries('attributes'), ...probe.remainders()].filter(isTheirs);
  return sentIntoRule(probe) + rows.reduce((sum, { packets }) => sum + packets, 0);
}
