import { createHash, timingSafeEqual } from 'node:crypto';

/** A digest of a secret, to be compared by {@link equalsAny}. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether a text is one of the secrets with these digests. The time that it takes doesn't depend on which, or on how much is equal. */
export function equalsAny(text: string, digests: readonly Buffer[]): boolean {
  const given = digestOf(text);
  return digests.map((each) => timingSafeEqual(each, given)).includes(true);
}
