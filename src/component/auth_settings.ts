import { z } from 'zod';
import type { AuthenticatorRole } from './authenticator.ts';
import type { AuthenticatorUse } from './joints.ts';

/** The Collector's configauth. */
export const authSettings = z.strictObject({
  authenticator: z
    .string()
    .min(1)
    .describe('Id of the extension, such as `bearertokenauth` or `basicauth/name`; it must be in service::extensions.'),
});

export type AuthSettings = z.infer<typeof authSettings>;

/** The use of an authenticator by the key `auth` of a component. For `authenticators` of a factory. */
export function authenticatorUses(role: AuthenticatorRole, auth: AuthSettings | undefined): readonly AuthenticatorUse[] {
  return auth === undefined ? [] : [{ path: ['auth', 'authenticator'], id: auth.authenticator, role }];
}
