import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ScrapeTarget } from '../component/factory.ts';

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

/** Both naming schemes, after a namespace or without, and with or without `_total`. */
const SAMPLE = /^(?:\w+_)?(?:dropreason|networkobservability)_drop_(count|bytes)(?:_total)?\{(.*)\} (\S+)/;

/** Reads the first endpoint that belongs to an agent. All endpoints of an agent report the same drops. */
export async function countsOf(reason: string, targets: readonly ScrapeTarget[]): Promise<NodeCounts> {
  if (targets.length === 0) return { why: 'the configuration has no exporter with an endpoint, such as prometheus' };
  const open = targets.filter(({ requires }) => requires.length === 0);
  for (const { url } of open) {
    const page = await scrape(url);
    if (page !== undefined) return { url, counts: sumByDirection(page, reason) };
  }
  const locked = targets.filter((target) => !open.includes(target));
  const silent = open.length === 0 ? [] : [`no agent answers at ${open.map(({ url }) => url).join(' or ')}`];
  return { why: [...silent, ...locked.map(whyNotRead)].join('; ') };
}

function whyNotRead({ url, requires }: ScrapeTarget): string {
  return `${url} requires ${requires.join(' and ')}, which this command does not have: scrape it with curl`;
}

/** The text of an agent's endpoint; undefined if nothing or another program answers. */
async function scrape(url: string): Promise<string | undefined> {
  try {
    const page = await (url.startsWith('https:') ? getTls(url) : getPlain(url));
    return /^(?:\w+_)?(?:dropreason|networkobservability)_drop_count/m.test(page) ? page : undefined;
  } catch {
    return undefined;
  }
}

async function getPlain(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
  return response.ok ? response.text() : '';
}

/** The certificate need not be for this name, nor from a known CA: nothing secret is sent, and the text shows that an agent answers. */
async function getTls(url: string): Promise<string> {
  const { get } = await import('node:https');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(TIMEOUT_MILLIS) }, resolve).on(
      'error',
      reject,
    );
  });
  return response.statusCode === 200 ? text(response) : '';
}

function sumByDirection(page: string, reason: string): DirectionCount[] {
  const sums = new Map<string, { drops: number; bytes: number }>();
  for (const line of page.split('\n')) {
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
