import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { Service } from '../../../src/service/service.ts';
import { Stage } from '../../support/components.ts';
import { scratchDirectory } from '../../support/scratch.ts';

interface File {
  readonly receivers: Record<string, object | null>;
  readonly processors?: Record<string, object | null>;
  readonly exporters: Record<string, object | null>;
  readonly extensions?: Record<string, object | null>;
  /** `[receivers] > [processors] > [exporters]`, by pipeline. */
  readonly pipelines: Record<string, readonly [receivers: string[], processors: string[], exporters: string[]]>;
}

/** One receiver, one exporter, each with what the test wants of it. */
export function simple({ source = {}, sink = {} }: { source?: object; sink?: object } = {}): File {
  return { receivers: { source }, exporters: { sink }, pipelines: { metrics: [['source'], [], ['sink']] } };
}

/** A service over small components, whose file the test writes. */
export function serve(file: File) {
  const stage = new Stage();
  const directory = scratchDirectory();
  const path = join(directory, 'config.yaml');
  const log = join(directory, 'log');
  const writeText = (text: string) => writeFileSync(path, text);
  const write = ({ pipelines, ...components }: File) => {
    const joined = Object.entries(pipelines).map(([id, [receivers, processors, exporters]]) => [
      id,
      { receivers, processors, exporters },
    ]);
    const telemetry = { metrics: { level: 'none' }, logs: { output_paths: [log], encoding: 'json' } };
    const extensions = Object.keys(components.extensions ?? {});
    writeText(stringify({ ...components, service: { extensions, telemetry, pipelines: Object.fromEntries(joined) } }));
  };
  write(file);
  const service = new Service(() => loadConfig({ files: [path], env: {}, factories: stage.factories }));
  const lines = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; msg: string; 'otelcol.component.id'?: string });
  return { stage, service, path, write, writeText, lines };
}
