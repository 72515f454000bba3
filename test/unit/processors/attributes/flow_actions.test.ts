import { expect, test } from 'vitest';
import { flowAttributes } from '../../../../src/pdata/flow.ts';
import { columnsOf, type FlowColumns, flowRows, sumOfFlows } from '../../../../src/pdata/flow_columns.ts';
import { configSchema } from '../../../../src/processors/attributes/config.ts';
import { FlowActions } from '../../../../src/processors/attributes/flow_actions.ts';
import { end, flow } from '../../../support/flows.ts';

const CLIENT = { 'k8s.pod.name': 'client', 'k8s.namespace.name': 'shop' };

/** The same end is the source of the first and the destination of the second, as columns allow. */
function flows(): FlowColumns {
  const given = columnsOf([
    flow('10.0.0.1', '10.0.0.2', { source: end('10.0.0.1', CLIENT), port: 53, netnsName: 'a', drops: 3, bytes: 300 }),
    flow('10.0.0.3', '10.0.0.1', { transport: 'tcp', interface: 'eth1' }),
  ]);
  return { ...given, destination: Uint32Array.of(1, 0) };
}

const apply = (...actions: object[]) => new FlowActions(configSchema.parse({ actions }).actions).apply(flows());
const attributes = (changed: FlowColumns) => [...flowRows(changed)].map(flowAttributes);
const BEFORE = attributes(flows());

/** What it was, without some, and with others. */
function but(index: number, names: readonly string[], more: object = {}) {
  return { ...Object.fromEntries(Object.entries(BEFORE[index] ?? {}).filter(([name]) => !names.includes(name))), ...more };
}

test.each([
  'class',
  'network.transport',
  'network.interface.name',
  'network.namespace.inode',
  'network.namespace.cookie',
  'network.namespace.name',
  'destination.port',
  'source.address',
  'destination.address',
  'source.k8s.pod.name',
  'destination.k8s.pod.name',
])('deletes %s of flows, and nothing else', (key) => {
  expect(BEFORE.some((each) => Object.hasOwn(each, key))).toBe(true);
  const after = apply({ key, action: 'delete' });
  expect(attributes(after)).toEqual([but(0, [key]), but(1, [key])]);
  expect(sumOfFlows(after)).toEqual({ drops: 4, bytes: 400 });
});

test.each([
  [{ key: 'cluster', action: 'insert', value: 'east' }, { cluster: 'east' }, { cluster: 'east' }],
  [
    { key: 'network.interface.name', action: 'upsert', value: 'any' },
    { 'network.interface.name': 'any' },
    { 'network.interface.name': 'any' },
  ],
  [{ key: 'network.namespace.name', action: 'update', value: 'b' }, { 'network.namespace.name': 'b' }, {}],
  [
    { key: 'network.namespace.inode', action: 'upsert', value: 'host' },
    { 'network.namespace.inode': 'host' },
    { 'network.namespace.inode': 'host' },
  ],
  [{ key: 'nic', action: 'insert', from_attribute: 'network.interface.name' }, { nic: 'eth0' }, { nic: 'eth1' }],
  [{ key: 'source.team', action: 'insert', from_attribute: 'source.k8s.namespace.name' }, { 'source.team': 'shop' }, {}],
  [{ key: 'destination.team', action: 'insert', value: 'x' }, { 'destination.team': 'x' }, { 'destination.team': 'x' }],
])('%j', (action, first, second) => {
  expect(attributes(apply(action))).toEqual([but(0, [], first), but(1, [], second)]);
});

test('sets no port and no address, and copies nothing between an end and the rest', () => {
  const after = apply(
    { key: 'destination.port', action: 'upsert', value: 1 },
    { key: 'source.address', action: 'upsert', value: 'x' },
    { key: 'client', action: 'insert', from_attribute: 'source.k8s.pod.name' },
    { key: 'client', action: 'insert', from_attribute: 'source.address' },
    { key: 'source.nic', action: 'insert', from_attribute: 'network.interface.name' },
  );
  expect(attributes(after)).toEqual(BEFORE);
});

test('kinds and ends of equal attributes have the same object, over reads', () => {
  const actions = new FlowActions(
    configSchema.parse({
      actions: [
        { key: 'class', action: 'delete' },
        { key: 'source.x', action: 'insert', value: 1 },
      ],
    }).actions,
  );
  const [one, other] = [actions.apply(flows()), actions.apply(flows())];
  expect(one.kinds[0]?.attributes).toBe(one.kinds[1]?.attributes);
  expect(other.kinds[0]?.attributes).toBe(one.kinds[0]?.attributes);
  expect(other.who[0]).toBe(one.who[0]);
});
