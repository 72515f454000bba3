import type { DropRow } from '../../../pdata/drop_row.ts';
import type { OptInAttribute } from '../config.ts';
import type { Layout } from '../probe.ts';
import { ACCEPT_REASON, CONNECT_REASON, classOf, directionsOf, PACKET_ROWS_AT_START } from '../reasons/reasons.ts';
import type { RowAttributes } from './row_attributes.ts';

const CONNECT_ERRORS = ['ECONNREFUSED', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'];
const ACCEPT_ERRORS = ['EMFILE', 'ECONNABORTED', 'EINVAL'];

/** Only families and directions are known before the first drop. */
const KNOWN_AT_START: ReadonlySet<OptInAttribute> = new Set(['network.type']);

/**
 * The series that exist at 0 before the first drop, because PromQL's increase() needs a value to increase from. They are: the reasons that
 * Retina's users know, in every direction and on every CPU; and this kernel's reasons to alert on, in the directions in which each can
 * occur, on one CPU, because `percpu_sum` sums them anyway. Opt-in attributes other than the family change the identity of series in an
 * unpredictable way. Then the latter are left out.
 */
export function rowsAtStart(
  attributes: RowAttributes,
  {
    layout,
    reasons,
    cpus,
    optIn,
    connect,
    accept,
  }: {
    readonly layout: Layout;
    /** What drops may be called on this kernel. */
    readonly reasons: Iterable<string>;
    readonly cpus: number;
    readonly optIn: readonly OptInAttribute[];
    readonly connect: boolean;
    readonly accept: boolean;
  },
): DropRow[] {
  const rows: DropRow[] = [];
  const families = optIn.includes('network.type') ? ['ipv4', 'ipv6'].map((name) => layout.families.indexOf(name)) : [0];
  for (const family of families) {
    for (const reason of PACKET_ROWS_AT_START) {
      for (const direction of layout.directions.keys()) {
        for (let cpu = 0; cpu < cpus; cpu++) {
          rows.push({ attributes: attributes.ofPacket(reason, direction, family, { cpu }), drops: 0, bytes: 0 });
        }
      }
    }
    for (const reason of optIn.every((name) => KNOWN_AT_START.has(name)) ? toAlertOn(reasons) : []) {
      for (const direction of directionsOf(reason)) {
        const set = attributes.ofPacket(reason, layout.directions.indexOf(direction), family, { cpu: 0 });
        rows.push({ attributes: set, drops: 0, bytes: 0 });
      }
    }
    const calls = (reason: string, direction: string, errors: readonly string[]) => {
      for (const error of errors) {
        const set = attributes.ofCall(reason, error, layout.directions.indexOf(direction), family);
        rows.push({ attributes: set, drops: 0, bytes: undefined });
      }
    };
    if (connect) calls(CONNECT_REASON, 'egress', CONNECT_ERRORS);
    if (accept) calls(ACCEPT_REASON, 'ingress', ACCEPT_ERRORS);
  }
  return rows;
}

/** Those of class `capacity` or `error` that have no rows anyhow. */
function toAlertOn(reasons: Iterable<string>): string[] {
  const others: readonly string[] = PACKET_ROWS_AT_START;
  return [...new Set(reasons)].filter((reason) => !others.includes(reason) && ['capacity', 'error'].includes(classOf(reason)));
}
