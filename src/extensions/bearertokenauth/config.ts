import { z } from 'zod';
import { HTTP_TOKEN } from '../../component/http_token.ts';
import { secret } from '../../component/secret.ts';

/** What a token is made of. */
export const TOKEN = /^[\x21-\x7e]+$/;

const token = secret(z.string().min(1).regex(TOKEN, 'must be printable ASCII without spaces'));

export const configSchema = z
  .strictObject({
    scheme: z
      .string()
      .regex(new RegExp(`^$|${HTTP_TOKEN.source}`, 'i'), 'must be one word, such as "Bearer"')
      .default('Bearer')
      .describe('The word before the token; empty: none.'),
    header: z
      .string()
      .regex(HTTP_TOKEN, 'must be the name of a header')
      .default('Authorization')
      .describe('The header with the token.'),
    token: token.optional().describe('The token.'),
    tokens: z
      .array(token)
      .min(1)
      .optional()
      .describe('Several tokens, instead of `token`. An endpoint accepts each, an exporter sends the first.'),
    filename: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File with the token, or with several, one a line; used instead of `token` and `tokens`. It is read again when it is replaced.',
      ),
  })
  .superRefine(({ token: one, tokens, filename }, context) => {
    if (one === undefined && tokens === undefined && filename === undefined) {
      context.addIssue({ code: 'custom', message: 'has no token: set token, tokens or filename' });
    }
    if (one !== undefined && tokens !== undefined) {
      context.addIssue({ code: 'custom', path: ['tokens'], message: 'token is given too; remove one' });
    }
  });

export type BearerTokenAuthConfig = z.infer<typeof configSchema>;
