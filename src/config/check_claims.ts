import { resolve } from 'node:path';
import { hostsCollide } from '../component/host_name.ts';
import type { Claim } from '../component/joints.ts';
import { exposure } from '../component/server_settings.ts';
import type { Config, ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';
import type { Kind } from './kinds.ts';
import { runningIds } from './running_ids.ts';
import { pullReaders, type TelemetryConfig } from './service_schema.ts';
import type { Path } from './tree.ts';

type Components = Pick<Config, Kind>;

/** A claim with its path from the root of the file. */
type Claimed = Claim & { readonly at: Path };

/** The claims of all that runs, in start order. */
export function claimsOf(components: Components, service: ServiceConfig): readonly Claimed[] {
  return [...ofTelemetry(service.telemetry), ...ofComponents(components, service)];
}

/** Checks that running components don't use the same exclusive resource: a port, a file, a pin directory, the capabilities. */
export function checkClaims(draft: Draft, components: Components, service: ServiceConfig): void {
  const earlier = new Map<string, Claimed[]>();
  for (const claim of claimsOf(components, service)) {
    const key = keyOf(claim);
    const rivals = earlier.get(key) ?? [];
    earlier.set(key, rivals);
    const rival = rivals.find((each) => collide(each, claim));
    rivals.push(claim);
    if (rival === undefined) continue;
    // If the earlier component drops the capabilities, the mistake is there.
    if ('capabilities' in claim) draft.problem(rival.at, leavesNothing(claim.at));
    else draft.problem(claim.at, isTaken(claim, rival.at));
    if (draft.isFull) return;
  }
}

/** Claims in start order, only of components that run. */
function ofComponents(components: Components, service: ServiceConfig): Claimed[] {
  return runningIds(service).flatMap(([kind, id]) => {
    const { factory, config } = components[kind].get(id) ?? {};
    return (factory?.claims?.(config) ?? []).map((claim) => ({ ...claim, at: [kind, id, ...claim.path] }));
  });
}

function ofTelemetry(telemetry: TelemetryConfig): Claimed[] {
  const endpoints = pullReaders(telemetry).map(({ path, prometheus }) => {
    const at = [...path, 'port'];
    return { path: at, at, endpoint: prometheus, exposure: exposure(prometheus) };
  });
  const files = telemetry.logs.output_paths.flatMap((file, index) => {
    const at = ['service', 'telemetry', 'logs', 'output_paths', index];
    return file === 'stdout' || file === 'stderr' ? [] : [{ path: at, at, file }];
  });
  return [...endpoints, ...files];
}

/** Claims with different keys never collide. */
function keyOf(claim: Claim): string {
  if ('endpoint' in claim) return `port ${claim.endpoint.port}`;
  if ('file' in claim) return `file ${resolve(claim.file)}`;
  return 'directory' in claim ? 'directory' : 'capabilities';
}

function collide(one: Claim, later: Claim): boolean {
  if ('endpoint' in one && 'endpoint' in later) {
    // Port 0 takes a free port each time.
    return one.endpoint.port !== 0 && hostsCollide(one.endpoint.host, later.endpoint.host);
  }
  // Several writers may share a device or pipe, but not a regular file.
  if ('file' in one) return !/^\/(?:dev|proc)\//.test(resolve(one.file));
  if ('directory' in one && 'directory' in later)
    return isWithin(one.directory, later.directory) || isWithin(later.directory, one.directory);
  return 'capabilities' in one && one.capabilities === 'dropped';
}

function isWithin(directory: string, path: string): boolean {
  return `${resolve(path)}/`.startsWith(`${resolve(directory)}/`);
}

function isTaken(claim: Claim, by: Path): string {
  const other = by.join('::');
  if ('endpoint' in claim) return `port ${claim.endpoint.port} is taken by ${other}: use different ports`;
  if ('file' in claim) return `is also written by ${other}: use different files`;
  return `overlaps with the directory of ${other}: use separate directories`;
}

function leavesNothing(later: Path): string {
  return `drop leaves no capabilities for ${later.slice(0, 2).join('::')}, which starts later: drop them only in the last receiver`;
}
