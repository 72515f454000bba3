import { isLoopback } from '../component/host_name.ts';
import { formatEndpoint } from '../component/schema.ts';
import { claimsOf } from './check_claims.ts';
import type { Config } from './config.ts';

/** One sentence about all endpoints that other hosts can reach and that should not be open to them; undefined if there is none. */
export function exposedEndpoints(config: Config): string | undefined {
  const byWhy = new Map<string, string[]>();
  for (const claim of claimsOf(config, config.service)) {
    if (!('endpoint' in claim) || claim.exposure === undefined || isLoopback(claim.endpoint.host)) continue;
    const named = `${claim.at.slice(0, -1).join('::')} (${formatEndpoint(claim.endpoint)})`;
    byWhy.set(claim.exposure, [...(byWhy.get(claim.exposure) ?? []), named]);
  }
  if (byWhy.size === 0) return undefined;
  const told = [...byWhy].map(([why, named]) => `${named.join(', ')} ${why}`);
  return `other hosts can reach ${told.join('; ')}: set both there, or let a firewall or a network policy choose who can`;
}
