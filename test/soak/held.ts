import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** The kernel's number of the map type. Entries of an LRU hash are not a leak: it fills up and evicts the oldest. */
const BPF_MAP_TYPE_HASH = 1;

/** The answer of inside.js: bytes on and outside the JavaScript heap; timers, sockets and servers. */
export interface Held {
  readonly heapBytes: number;
  readonly resources: number;
}

/** Live objects in the agent after a garbage collection, as reported by inside.js. */
export async function heldBy(socket: string): Promise<Held> {
  return JSON.parse(await text(connect(socket))) as Held;
}

export function residentKilobytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}

export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Entries of all BPF hashes that the process has open, counted by bpftool. */
export function mapEntries(pid: number): number {
  const ids = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    const [, type, id] = /^map_type:\s*(\d+)[\s\S]*^map_id:\s*(\d+)/m.exec(infoOf(pid, fd)) ?? [];
    if (id !== undefined && Number(type) === BPF_MAP_TYPE_HASH) ids.add(id);
  }
  return [...ids].reduce((sum, id) => sum + entriesOf(id), 0);
}

function entriesOf(id: string): number {
  const output = execFileSync('/usr/sbin/bpftool', ['--json', 'map', 'dump', 'id', id], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return (JSON.parse(output) as unknown[]).length;
}

function infoOf(pid: number, fd: string): string {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
  } catch {
    return ''; // closed in the meantime
  }
}
