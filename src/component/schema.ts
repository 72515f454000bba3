import { z } from 'zod';

const UNIT_MILLIS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DURATION = /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/;

/**
 * Milliseconds in a duration as Go's time.ParseDuration reads it (`300ms`, `1m30s`; a bare `0` too), or undefined where it
 * isn't one.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let millis = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    millis += Number(amount) * UNIT_MILLIS[unit as keyof typeof UNIT_MILLIS];
  }
  return millis;
}

/** A Go duration in the YAML file, milliseconds in the config object. */
export function duration({ least = '0', most, fallback }: { least?: string; most?: string; fallback: string }) {
  const leastMillis = parseDuration(least) as number;
  const mostMillis = most === undefined ? Number.POSITIVE_INFINITY : (parseDuration(most) as number);
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

/** A place to listen on or to connect to, as `host:port`. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** An endpoint as it is written, with an IPv6 host in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `host:port` with IPv6 hosts in brackets; undefined where `text` isn't one. An empty host is every address. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) return undefined;
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}

/** `host:port` in the YAML file to listen on, an {@link Endpoint} in the config object. */
export function listenEndpoint(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((given, context): Endpoint => {
      const endpoint = parseEndpoint(given);
      if (endpoint === undefined) {
        context.addIssue({ code: 'custom', message: `must be host:port such as "${fallback}", got "${given}"` });
      }
      return endpoint ?? { host: '', port: 0 };
    });
}

/** Marks a value that `print-config` must not show. */
export const secrets = z.registry<{ secret: true }>();
