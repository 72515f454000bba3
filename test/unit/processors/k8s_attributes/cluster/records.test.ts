import { describe, expect, test } from 'vitest';
import { IpAddress } from '../../../../../src/pdata/ip_address.ts';
import {
  endpointSliceRecord,
  namespaceRecord,
  nodeRecord,
  podRecord,
  serviceRecord,
} from '../../../../../src/processors/k8s_attributes/cluster/records.ts';
import { nodeObject, podObject, serviceObject, sliceObject } from '../../../../support/kube_objects.ts';

const LONG = 'x'.repeat(254);
const texts = (keys: readonly (number | string)[] = []) => keys.map((key) => IpAddress.ofKey(key).text);

describe('an object that no API server would take', () => {
  test('has no address that is none', () => {
    const ips = ['10.0.0.1', '10.0.0.256', 'None', '', '10.0.0', '::1::', '10.0.0.1'];
    expect(texts(podRecord(podObject('a', { ips }), [])?.addresses)).toEqual(['10.0.0.1']);
    expect(texts(nodeRecord(nodeObject('n', ips), []).addresses)).toEqual(['10.0.0.1']);
    expect(texts(serviceRecord(serviceObject('s', ips))?.addresses)).toEqual(['10.0.0.1']);
    expect(texts(endpointSliceRecord(sliceObject('s', ips))?.addresses)).toEqual(['10.0.0.1']);
    expect(nodeRecord(nodeObject('n', [], {}, { podCIDRs: ['10.0.0.0/33', 'x', '10.0.0.0/24'] }), []).podCidrs).toHaveLength(1);
  });

  test.each([
    ['a pod', () => podRecord(podObject(LONG, { ips: ['10.0.0.1'] }), [])],
    ["a pod's namespace", () => podRecord(podObject('a', { ips: ['10.0.0.1'], namespace: LONG }), [])],
    ["a pod's node", () => podRecord(podObject('a', { ips: ['10.0.0.1'], node: LONG }), [])],
    ["a pod's owner", () => podRecord(podObject('a', { ips: ['10.0.0.1'], owner: `Job/${LONG}/u` }), [])],
    ['a node', () => nodeRecord(nodeObject(LONG, []), [])],
    ['a service', () => serviceRecord(serviceObject(LONG, ['10.96.0.1']))],
    ['a namespace', () => namespaceRecord({ metadata: { uid: 'a', name: LONG } }, [])],
    ['a number', () => namespaceRecord({ metadata: { uid: 'a', name: 5 } }, [])],
  ])('is not read where its name is too long, such as that of %s', (_, read) => {
    expect(read).toThrow('it has a name that is none of Kubernetes');
  });

  test.each([
    ['podIPs', { status: { podIPs: 'x' } }],
    ['containers', { spec: { containers: 7 } }],
  ])('is not read where %s is of another kind', (_, more) => {
    expect(() => podRecord({ ...podObject('a'), ...more }, [])).toThrow();
  });
});

test('of a long annotation its beginning is kept', () => {
  const annotation = { from: 'annotations', key: 'k', attribute: 'a' } as const;
  const made = podRecord(podObject('a', { ips: ['10.0.0.1'], annotations: { k: 'y'.repeat(100_000) } }), [annotation]);
  expect(made?.extracted).toEqual({ a: 'y'.repeat(253) });
});
