import { z } from 'zod';
import { secret } from '../../component/secret.ts';
import { htpasswdMistake } from './htpasswd.ts';

const username = z
  .string()
  .min(1)
  .regex(/^[^:\p{Cc}]+$/u, 'must have no ":" and no control characters');

const inline = secret(z.string()).superRefine((given, context) => {
  const mistake = htpasswdMistake(given.reveal());
  if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
});

const htpasswd = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File of the clients that are accepted, as the command `htpasswd -B` writes it. It is read again when it is replaced.',
      ),
    inline: inline.optional().describe('The same, as text. Where both have a user, this one counts.'),
  })
  .refine(({ file, inline: text }) => file !== undefined || text !== undefined, 'has no users: set file or inline');

const clientAuth = z
  .strictObject({
    username: username.optional().describe('The name that an exporter logs in with.'),
    password: secret().optional().describe('Its password.'),
    username_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the name; used instead of `username`. It is read again when it is replaced.'),
    password_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the password; used instead of `password`. It is read again when it is replaced.'),
  })
  .refine((given) => given.username !== undefined || given.username_file !== undefined, {
    path: ['username'],
    message: 'is required, or username_file',
  })
  .refine((given) => given.password !== undefined || given.password_file !== undefined, {
    path: ['password'],
    message: 'is required, or password_file',
  });

/** As in the Collector, an extension has one role. */
export const configSchema = z
  .strictObject({
    htpasswd: htpasswd.optional().describe('The clients that an endpoint accepts.'),
    client_auth: clientAuth.optional().describe('What an exporter logs in with.'),
  })
  .refine((given) => (given.htpasswd === undefined) !== (given.client_auth === undefined), {
    message: 'needs either htpasswd, for an endpoint, or client_auth, for an exporter',
  });

export type BasicAuthConfig = z.infer<typeof configSchema>;
export type ClientAuth = NonNullable<BasicAuthConfig['client_auth']>;
export type Htpasswd = NonNullable<BasicAuthConfig['htpasswd']>;
