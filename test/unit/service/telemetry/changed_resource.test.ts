import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect, test } from 'vitest';
import { ChangedResource } from '../../../../src/service/telemetry/changed_resource.ts';
import { InstanceResource } from '../../../../src/service/telemetry/instance_resource.ts';

const AGENT = { 'service.name': 'dropreason', 'service.instance.id': '' };

test('has the changed attributes, as the same object until the agent has others', () => {
  const agent = new InstanceResource(AGENT, { isOurs: true });
  const changed = new ChangedResource(agent, (all) => ({ ...all, cluster: 'east', was: all['service.instance.id'] }));
  const before = changed.attributes;
  expect(before).toEqual({ ...agent.attributes, cluster: 'east', was: agent.attributes['service.instance.id'] });
  expect(changed.attributes).toBe(before);
  agent.identify(['pins']);
  expect(changed.attributes).not.toBe(before);
  expect(changed.attributes).toEqual({ ...agent.attributes, cluster: 'east', was: agent.attributes['service.instance.id'] });
});

test('is a resource like others', () => {
  const changed = new ChangedResource(resourceFromAttributes(AGENT), () => ({ cluster: 'east' }));
  expect(changed.getRawAttributes()).toEqual([['cluster', 'east']]);
  expect(changed.merge(resourceFromAttributes({ zone: 'a' })).attributes).toEqual({ cluster: 'east', zone: 'a' });
});
