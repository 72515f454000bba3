/** A short reason for anything that was thrown. Node.js and undici hide it in nested causes. */
export function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  if (deepest instanceof AggregateError && deepest.errors.length > 0) return reasonOf(deepest.errors[0]);
  if (!(deepest instanceof Error)) return String(deepest);
  const { code } = deepest as NodeJS.ErrnoException;
  return deepest.message === '' ? (code ?? deepest.name) : deepest.message;
}
