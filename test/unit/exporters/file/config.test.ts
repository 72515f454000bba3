import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/component/errors.ts';
import { factories } from '../../../../src/components.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { configSchema } from '../../../../src/exporters/file/config.ts';
import { scratchDirectory } from '../../../support/scratch.ts';

const PIPELINE = 'receivers: {dropreason: }\nservice: {pipelines: {metrics: {receivers: [dropreason], exporters: [file]}}}';

/** What is told of a configuration with these keys of the exporter. */
function told(...keys: readonly string[]): string[] {
  const file = join(scratchDirectory(), 'file.yaml');
  writeFileSync(file, PIPELINE);
  const sets = keys.map((key) => `exporters.file.${key}`);
  try {
    loadConfig({ files: [file], sets, env: {}, factories });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('the configuration of file', () => {
  it('needs a path alone', () => {
    expect(configSchema.parse({ path: '/run/flows' })).toEqual({
      path: '/run/flows',
      rotation: { max_megabytes: 100, max_backups: 3 },
    });
    expect(told('rotation.max_backups=2')).toContain('exporters::file::path: is required');
  });

  it('says what is wrong in the words of the file', () => {
    expect(told('path=/x', 'rotation.max_megabytes=0')).toEqual([
      'exporters::file::rotation::max_megabytes: must be at least 1, got 0',
    ]);
    expect(told('path=/x', 'rotation.max_backups=1.5')).toEqual([expect.stringMatching(/max_backups: must be a whole number/)]);
  });

  it('says of the Collector’s keys what there is instead', () => {
    expect(told('path=/x', 'format=json', 'rotation.max_days=7').sort()).toEqual([
      'exporters::file::format: is not a known key: the output is JSON lines; remove it',
      'exporters::file::rotation::max_days: is not a known key: files set aside are kept by their number: set max_backups',
    ]);
  });
});
