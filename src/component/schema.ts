import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { isHost } from './host_name.ts';

// zod would compile a function for each schema. A schema is used once, at the start or a reload.
z.config({ jitless: true });

const UNIT_MILLIS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DURATION = /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/;

/**
 * Milliseconds of a duration in the syntax of Go's time.ParseDuration (`300ms`, `1m30s`, also a bare `0`). Undefined if it isn't one.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let millis = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    millis += Number(amount) * UNIT_MILLIS[unit as keyof typeof UNIT_MILLIS];
  }
  return millis;
}

/** A Node timer accepts at most 2^31 - 1 ms. A longer one fires at once and repeatedly. */
const MOST_OF_A_TIMER = '596h';

/** A Go duration in the YAML file, milliseconds in the config object. At most the limit of a timer. */
export function duration({ least = '0', most = MOST_OF_A_TIMER, fallback }: { least?: string; most?: string; fallback: string }) {
  const leastMillis = parseDuration(least) as number;
  const mostMillis = parseDuration(most) as number;
  return z
    .union([z.string().meta({ pattern: DURATION.source }), z.literal(0)], {
      error: ({ input }) =>
        `must be a duration such as "10s" or "1m30s", got ${input === null ? 'nothing' : JSON.stringify(input)}`,
    })
    .default(fallback)
    .transform((given, context) => {
      const millis = parseDuration(String(given));
      const problem =
        millis === undefined
          ? `must be a duration such as "10s" or "1m30s", got "${given}"`
          : millis < leastMillis
            ? `must be at least ${least}, got "${given}"`
            : millis > mostMillis
              ? `must be at most ${most}, got "${given}"`
              : undefined;
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      return millis ?? 0;
    });
}

/** An address to listen on or connect to, as `host:port`. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Formats an endpoint, with brackets around an IPv6 host. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Parses `host:port`, with brackets around an IPv6 host. As in Go, other hosts may have brackets too, so that `[${env:POD_IP}]:9464`
 * works for both families. Undefined if `text` isn't an endpoint. An empty host means every address.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^[\]\s]*)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) return undefined;
  const host = match[1] ?? match[2] ?? '';
  return host === '' || isHost(host) ? { host, port: Number(match[3]) } : undefined;
}

/** The mistake in a text that {@link parseEndpoint} rejects. */
export function endpointMistake(text: string, example: string): string {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(text) ?? [];
  const hint = isIPv6(host) ? `: put an IPv6 address in brackets, "[${host}]:${port}"` : '';
  return `must be host:port such as "${example}", got "${text}"${hint}`;
}

/** `host:port` in the YAML file to listen on, an {@link Endpoint} in the config object. */
export function listenEndpoint(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((given, context): Endpoint => {
      const endpoint = parseEndpoint(given);
      if (endpoint === undefined) context.addIssue({ code: 'custom', message: endpointMistake(given, fallback) });
      return endpoint ?? { host: '', port: 0 };
    });
}

/** A host without a port in the YAML file, with or without brackets. Users of the Collector write both. */
export function listenHost(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((given, context) => {
      const host = /^\[(.*)\]$/.exec(given)?.[1] ?? given;
      if (host !== '' && !isHost(host)) {
        context.addIssue({ code: 'custom', message: `must be an address or a name such as "${fallback}", got "${given}"` });
      }
      return host;
    });
}
