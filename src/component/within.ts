/** Waits for `done`, but at most `millis`. Returns whether it finished in time; rejects if it rejects. */
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
