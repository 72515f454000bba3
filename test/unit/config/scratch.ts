import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../../src/component/errors.ts';
import { type LoadOptions, loadConfig } from '../../../src/config/load.ts';
import { factories } from './factories.ts';

/** A valid file to change. */
export const VALID = `receivers:
  dropreason:
    collection_interval: 5s
processors:
  percpu_sum:
exporters:
  prometheus:
    endpoint: localhost:9464
  debug: {verbosity: normal}
extensions:
  health_check:
service:
  extensions: [health_check]
  telemetry:
    logs: {level: info}
  pipelines:
    metrics:
      receivers: [dropreason]
      processors: [percpu_sum]
      exporters: [prometheus, debug]
`;

/** Writes texts to files in a directory that is removed after the test; returns their paths. */
export function files(...texts: readonly (string | Uint8Array)[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return texts.map((text, index) => {
    const path = join(directory, `${index}.yaml`);
    writeFileSync(path, text);
    return path;
  });
}

/** Loads texts as files, with the tests' factories. */
export function load(texts: readonly string[], options: Partial<LoadOptions> = {}) {
  return loadConfig({ files: files(...texts), env: {}, factories, ...options });
}

/** The lines of the ConfigError that `run` throws, with file names without directories. Other errors are rethrown. */
export function mistakes(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(/[^\s("]*\/(?=[\w-]+\.yaml)/g, '').split('\n');
    throw error;
  }
  return [];
}
