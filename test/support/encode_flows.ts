import { IpAddress } from '../../src/pdata/ip_address.ts';
import type { Flows } from '../../src/receivers/dropreason/probe.ts';
import { LAYOUT } from './layout.ts';

/** A flow as counted by the kernel, with addresses as text. */
export interface MadeFlow {
  readonly source?: string;
  readonly destination?: string;
  readonly location?: bigint;
  readonly stack?: bigint;
  readonly reason?: number;
  readonly netns?: number;
  readonly cookie?: bigint;
  readonly ifindex?: number;
  readonly error?: number;
  readonly port?: number;
  readonly protocol?: number;
  readonly direction?: number;
  readonly family?: number;
  readonly packets?: number;
  readonly bytes?: number;
}

/** Encodes flows as the addon returns them: the layout of struct dropreason_flow. */
export function encodeFlows(flows: readonly MadeFlow[]): Flows {
  const { flow: at } = LAYOUT;
  const keys = new ArrayBuffer(flows.length * at.bytes);
  const counts = new ArrayBuffer(flows.length * 16);
  const view = new DataView(keys);
  const countView = new DataView(counts);
  for (const [index, flow] of flows.entries()) {
    const base = index * at.bytes;
    new Uint8Array(keys, base + at.source, 16).set(addressBytes(flow.source));
    new Uint8Array(keys, base + at.destination, 16).set(addressBytes(flow.destination));
    view.setBigUint64(base + at.location, flow.location ?? 0n, true);
    view.setBigUint64(base + at.stack, flow.stack ?? 0n, true);
    view.setUint32(base + at.reason, flow.reason ?? 3, true);
    view.setBigUint64(base + at.cookie, flow.cookie ?? 0n, true);
    view.setUint32(base + at.netns, flow.netns ?? 0, true);
    view.setUint32(base + at.ifindex, flow.ifindex ?? 0, true);
    view.setUint16(base + at.error, flow.error ?? 0, true);
    view.setUint16(base + at.port, flow.port ?? 0, true);
    view.setUint16(base + at.protocol, flow.protocol ?? 17, true);
    view.setUint8(base + at.direction, flow.direction ?? 1);
    view.setUint8(base + at.family, flow.family ?? 1);
    countView.setBigUint64(index * 16, BigInt(flow.packets ?? 1), true);
    countView.setBigUint64(index * 16 + 8, BigInt(flow.bytes ?? 0), true);
  }
  return { count: flows.length, keys, counts };
}

function addressBytes(text = ''): number[] {
  const key = IpAddress.parse(text)?.key;
  if (key === undefined) return new Array<number>(16).fill(0);
  if (typeof key === 'number') {
    return [...new Array<number>(10).fill(0), 255, 255, key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  }
  return Array.from({ length: 16 }, (_, i) => (key.charCodeAt(i >> 1) >> (i % 2 === 0 ? 8 : 0)) & 255);
}
