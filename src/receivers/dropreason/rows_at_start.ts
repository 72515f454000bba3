import type { DropRow } from '../../pdata/batch.ts';
import type { OptInAttribute } from './config.ts';
import type { Layout } from './probe.ts';
import { ACCEPT_REASON, CONNECT_REASON, PACKET_ROWS_AT_START } from './reasons.ts';
import type { RowAttributes } from './row_attributes.ts';

const CONNECT_ERRORS = ['ECONNREFUSED', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'];
const ACCEPT_ERRORS = ['EMFILE', 'ECONNABORTED', 'EINVAL'];

/** The series that exist at 0 before anything was dropped: PromQL's increase() needs a value to rise from. */
export function rowsAtStart(
  attributes: RowAttributes,
  {
    layout,
    cpus,
    optIn,
    connect,
    accept,
  }: {
    readonly layout: Layout;
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
