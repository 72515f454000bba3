/** The count of one reason by the agent on this node, for one direction. */
export interface DirectionCount {
  readonly direction: string;
  readonly drops: number;
  readonly bytes: number;
}

/** An agent's counts and their URL, or why there are none. */
export type NodeCounts = { readonly url: string; readonly counts: readonly DirectionCount[] } | { readonly why: string };

/** An agent answers a scrape within milliseconds. A timeout means that there is no agent. */
const TIMEOUT_MILLIS = 1_000;

/** Both naming schemes, with or without `_total`. */
const SAMPLE = /^(?:dropreason|networkobservability)_drop_(count|bytes)(?:_total)?\{(.*)\} (\S+)/;

/** Reads the first endpoint that belongs to an agent. All endpoints of an agent report the same drops. */
export async function countsOf(reason: string, urls: readonly string[]): Promise<NodeCounts> {
  if (urls.length === 0) return { why: 'the configuration has no exporter with an endpoint, such as prometheus' };
  for (const url of urls) {
    const text = await scrape(url);
    if (text !== undefined) return { url, counts: sumByDirection(text, reason) };
  }
  return { why: `no agent answers at ${urls.join(' or ')}` };
}

/** The text of an agent's endpoint; undefined if nothing or another program answers. */
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
