/** What an agent on this node has counted under one reason, summed by direction. */
export interface DirectionCount {
  readonly direction: string;
  readonly drops: number;
  readonly bytes: number;
}

/** An agent's counts and where they were read; or why there are none. */
export type NodeCounts = { readonly url: string; readonly counts: readonly DirectionCount[] } | { readonly why: string };

/** An agent answers a scrape within milliseconds, so this is for what isn't there. */
const TIMEOUT_MILLIS = 1_000;

/** Both naming schemes, with or without `_total`. */
const SAMPLE = /^(?:dropreason|networkobservability)_drop_(count|bytes)(?:_total)?\{(.*)\} (\S+)/;

/** Asks the endpoints in turn until one answers that is an agent's: all that an agent has tell of the same drops. */
export async function countsOf(reason: string, urls: readonly string[]): Promise<NodeCounts> {
  if (urls.length === 0) return { why: 'the configuration has no exporter that could be asked, such as prometheus' };
  for (const url of urls) {
    const text = await scrape(url);
    if (text !== undefined) return { url, counts: sumByDirection(text, reason) };
  }
  return { why: `no agent answers at ${urls.join(' or ')}` };
}

/** The text of an agent's endpoint; undefined where none answers, or another program. */
async function scrape(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    const text = await response.text();
    return response.ok && /^(?:dropreason|networkobservability)_drop_count/m.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function sumByDirection(text: string, reason: string): DirectionCount[] {
  const sums = new Map<string, { drops: number; bytes: number }>();
  for (const line of text.split('\n')) {
    const [, what, written = '', value] = SAMPLE.exec(line) ?? [];
    if (what === undefined) continue;
    const labels = Object.fromEntries([...written.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, is]) => [name, is]));
    if (labels.reason !== reason) continue;
    const direction = labels.direction ?? 'unknown';
    const sum = sums.get(direction) ?? { drops: 0, bytes: 0 };
    sum[what === 'count' ? 'drops' : 'bytes'] += Number(value);
    sums.set(direction, sum);
  }
  return [...sums].map(([direction, sum]) => ({ direction, ...sum })).filter(({ drops }) => drops > 0);
}
