import type { ServiceConfig } from './config.ts';
import type { Kind } from './kinds.ts';

/** The components that run, in start order. */
export function runningIds({ pipelines, extensions }: ServiceConfig): (readonly [Kind, string])[] {
  const joined = [...pipelines.values()];
  const used: readonly (readonly [Kind, readonly string[]])[] = [
    ['exporters', joined.flatMap((pipeline) => pipeline.exporters)],
    ['processors', joined.flatMap((pipeline) => pipeline.processors)],
    ['receivers', joined.flatMap((pipeline) => pipeline.receivers)],
    ['extensions', extensions],
  ];
  return used.flatMap(([kind, ids]) => [...new Set(ids)].map((id) => [kind, id] as const));
}
