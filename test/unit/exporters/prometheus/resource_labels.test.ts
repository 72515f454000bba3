import { expect, test } from 'vitest';
import { configSchema } from '../../../../src/exporters/prometheus/config.ts';
import { resourceLabels } from '../../../../src/exporters/prometheus/resource_labels.ts';

const NAMES = [
  'service.name',
  'service.instance.id',
  'service.version',
  'k8s.node.name',
  'k8s.pod.ip',
  'host.name',
  'a*b',
  'axb',
];

const chosen = (config: object) => NAMES.filter(resourceLabels(configSchema.parse(config)));

test.each([
  [{}, []],
  [{ resource_to_telemetry_conversion: { enabled: true } }, NAMES],
  [
    { resource_to_telemetry_conversion: { enabled: true, exclude_service_attributes: true } },
    NAMES.filter((name) => !/^service\.(name|instance)/.test(name)),
  ],
  [{ resource_to_telemetry_conversion: { exclude_service_attributes: true } }, []],
  [{ resource_constant_labels: {} }, []],
  [{ resource_constant_labels: { included: ['*'] } }, NAMES],
  [{ resource_constant_labels: { included: ['k8s.*', 'host.nam?'] } }, ['k8s.node.name', 'k8s.pod.ip', 'host.name']],
  [{ resource_constant_labels: { included: ['k8s.*.name'] } }, ['k8s.node.name']],
  [{ resource_constant_labels: { included: ['k8s', 'service'] } }, []],
  [{ resource_constant_labels: { included: ['service*'], excluded: ['*.id'] } }, ['service.name', 'service.version']],
  [{ resource_constant_labels: { excluded: ['service.*', 'k8s.*', 'a?b'] } }, ['host.name']],
  [{ resource_constant_labels: {}, resource_to_telemetry_conversion: { enabled: true } }, []],
])('%j', (config, expected) => {
  expect(chosen(config)).toEqual(expected);
});

test('many wildcards take no time', () => {
  const choose = resourceLabels(configSchema.parse({ resource_constant_labels: { included: [`${'*'.repeat(5_000)}x`] } }));
  expect(choose('a'.repeat(5_000))).toBe(false);
});
