import { z } from 'zod';
import { secret } from '../component/secret.ts';

const value = secret(z.string().regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'));

/** Headers of each request, by name. Their values are secrets. `mistake` returns the mistake in a name in lower case. */
export function headers(mistake: (name: string) => string | undefined) {
  return z.record(z.string(), value).superRefine((given, context) => {
    const seen = new Map<string, string>();
    for (const name of Object.keys(given)) {
      const before = seen.get(name.toLowerCase());
      const message = before === undefined ? mistake(name.toLowerCase()) : `is the same header as ${before}; remove one`;
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
      seen.set(name.toLowerCase(), name);
    }
  });
}
