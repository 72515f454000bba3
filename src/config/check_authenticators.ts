import type { AuthenticatorUse } from '../component/joints.ts';
import type { Config, ServiceConfig } from './config.ts';
import type { Draft } from './draft.ts';
import type { Kind } from './kinds.ts';
import { suggest } from './nearest.ts';
import { runningIds } from './running_ids.ts';
import { pullReaders } from './service_schema.ts';
import type { Path } from './tree.ts';

type Components = Pick<Config, Kind>;

/** A use with its path from the root of the file. */
type Used = AuthenticatorUse & { readonly at: Path };

/** Checks that each extension that a running component names under `auth` exists, runs and authenticates. */
export function checkAuthenticators(draft: Draft, components: Components, service: ServiceConfig): void {
  for (const use of [...ofTelemetry(service), ...ofComponents(components, service)]) {
    const mistake = mistakeIn(use, draft, components, service);
    if (mistake !== undefined) draft.problem(use.at, mistake);
    else if (use.warning !== undefined) draft.warn(use.at, use.warning);
  }
}

function ofComponents(components: Components, service: ServiceConfig): Used[] {
  return runningIds(service).flatMap(([kind, id]) => {
    const { factory, config } = components[kind].get(id) ?? {};
    return (factory?.authenticators?.(config) ?? []).map((use) => ({ ...use, at: [kind, id, ...use.path] }));
  });
}

function ofTelemetry({ telemetry }: ServiceConfig): Used[] {
  return pullReaders(telemetry).flatMap(({ path, prometheus: { auth } }) => {
    if (auth === undefined) return [];
    const at = [...path, 'auth', 'authenticator'];
    return [{ path: at, at, id: auth.authenticator, role: 'server' as const }];
  });
}

function mistakeIn({ id, role }: Used, draft: Draft, { extensions }: Components, service: ServiceConfig): string | undefined {
  const defined = [...draft.entries(['extensions']).keys()];
  if (!defined.includes(id)) return `"${id}" is not defined under extensions${suggest(id, defined, 'defined there')}`;
  if (!service.extensions.includes(id)) return `"${id}" does not run: add it to service::extensions`;
  const found = extensions.get(id);
  // Its own mistakes are reported.
  if (found === undefined) return undefined;
  const roles = found.factory.authenticates?.(found.config);
  if (roles === undefined) return `"${id}" does not authenticate: name an extension that does, such as bearertokenauth`;
  return roles[role] === true ? undefined : `"${id}" ${roles[role]}`;
}
