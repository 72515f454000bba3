import { createNoopMeter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type Level, pino } from 'pino';
import type { Settings } from '../../src/component/factory.ts';
import type { Host } from '../../src/component/host.ts';

export interface LogLine {
  readonly level: Level;
  readonly msg: string;
  readonly err?: { readonly message: string };
}

/** Settings as the service makes them, for a single component. Keeps its log lines. */
export function makeSettings(id = 'test'): Settings & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const kept = new Map<string, unknown>();
  return {
    id,
    lines,
    logger: pino(
      { level: 'debug', base: null, formatters: { level: (level) => ({ level }) } },
      { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) },
    ),
    meter: createNoopMeter(),
    resource: resourceFromAttributes({ 'service.name': 'dropreason' }),
    reloadedMillis: 0,
    keep<T>(name: string, make: () => T): T {
      if (!kept.has(name)) kept.set(name, make());
      return kept.get(name) as T;
    },
  };
}

/** A host with receivers that have nothing to read. */
export const quietHost: Host = {
  refresh: () => Promise.resolve(),
  health: () => [],
  sources: () => [],
  authenticator: () => undefined,
};
