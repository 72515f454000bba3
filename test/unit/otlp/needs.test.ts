import { expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { files } from '../config/scratch.ts';

function warnings(type: string, exporter: object, receiver: object): string[] {
  const config = {
    receivers: { dropreason: receiver },
    exporters: { [type]: { endpoint: 'http://localhost:4317', ...exporter } },
    service: { pipelines: { metrics: { receivers: ['dropreason'], exporters: [type] } } },
  };
  return loadConfig({ files: files(JSON.stringify(config)), env: {}, factories }).warnings.map(({ message }) => message);
}

test.each(['otlp_grpc', 'otlp_http'])('%s warns of deltas of pinned counts, and of nothing else', (type) => {
  expect(warnings(type, { temporality: 'delta' }, { pin: true })).toEqual([
    expect.stringMatching(new RegExp(`^${type} pushes deltas of a receiver with pin: true\\. .* begin at the restart`)),
  ]);
  expect(warnings(type, { temporality: 'delta' }, {})).toEqual([]);
  expect(warnings(type, {}, { pin: true })).toEqual([]);
});
