/** Waits for `done`, but no longer than `millis`; whether it was done by then. Rejects where it does. */
export async function within(millis: number, done: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(millis, 0));
  });
  try {
    return await Promise.race([Promise.resolve(done).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
