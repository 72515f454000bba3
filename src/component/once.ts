/** Passes each message on once, by its key: for what would be reported at every scrape or read. */
export function once(report: (message: string) => void): (key: string, message: string) => void {
  const reported = new Set<string>();
  return (key, message) => {
    if (reported.has(key)) return;
    reported.add(key);
    report(message);
  };
}
