import { describe, expect, test } from 'vitest';
import { podObject } from '../../../../support/kube_objects.ts';
import { KnownCluster, key } from '../known_cluster.ts';

const IP = '10.0.0.1';

describe('a pod and its addresses', () => {
  test('a pod has all of its addresses, IPv4 and IPv6', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP, 'fd00::1'] }));
    expect([known.pod(IP), known.pod('fd00::1')]).toEqual(['a', 'a']);
    expect(known.who('fd00::1')).toMatchObject({ 'k8s.pod.ip': 'fd00::1', 'k8s.pod.uid': 'uid-a' });
  });

  test("a pod on the host's network doesn't have the node's address", () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP], hostNetwork: true }));
    expect(known.who(IP)).toBeUndefined();
    expect(known.cluster.pods.size).toBe(0);
  });

  test('a pod becomes known when it gets its address', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { phase: 'Pending' }));
    expect(known.cluster.pods.size).toBe(0);
    known.put('pods', podObject('a', { ips: [IP] }));
    expect(known.pod(IP)).toBe('a');
  });

  test('a pod that changes its address leaves the old one', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP, 'fd00::1'] }), podObject('a', { ips: ['10.0.0.2', 'fd00::1'] }));
    expect([known.pod(IP), known.pod('10.0.0.2'), known.pod('fd00::1')]).toEqual([undefined, 'a', 'a']);
  });

  test.each(['Succeeded', 'Failed'])('a pod that has %s owns no address', (phase) => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP] }), podObject('a', { ips: [IP], phase }));
    expect(known.pod(IP)).toBeUndefined();
    expect(known.cluster.pods.size).toBe(0);
  });
});

describe('an address that is used again', () => {
  const early = podObject('early', { ips: [IP], start: '2026-01-01T00:00:01Z' });
  const late = podObject('late', { ips: [IP], start: '2026-01-01T00:00:02Z' });

  test.each([
    ['early first', [early, late]],
    ['late first', [late, early]],
  ])('the later start wins, told %s', (_, objects) => {
    const known = new KnownCluster();
    known.put('pods', ...objects);
    expect(known.pod(IP)).toBe('late');
  });

  test('the earlier one has it again when the later one has finished', () => {
    const known = new KnownCluster();
    known.put('pods', early, late, podObject('late', { ips: [IP], phase: 'Failed' }));
    expect(known.pod(IP)).toBe('early');
  });

  test('a finished pod does not take it from one that runs', () => {
    const known = new KnownCluster();
    known.put('pods', early, podObject('late', { ips: [IP], phase: 'Succeeded', start: '2026-01-01T00:00:02Z' }));
    expect(known.pod(IP)).toBe('early');
  });
});

describe('a deleted pod', () => {
  test('is known for 120 s', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP] }));
    known.remove('pods', 'uid-a');
    known.nowMillis = 119_999;
    expect(known.pod(IP)).toBe('a');
    known.nowMillis = 120_000;
    expect(known.pod(IP)).toBeUndefined();
    expect(known.cluster.pods.size).toBe(0);
  });

  test('loses its address to another at once, even to one that started before it', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP], start: '2026-01-01T00:00:02Z' }));
    known.remove('pods', 'uid-a');
    known.put('pods', podObject('b', { ips: [IP], start: '2026-01-01T00:00:01Z' }));
    expect(known.pod(IP)).toBe('b');
    known.put('pods', podObject('b', { ips: [IP], phase: 'Failed' }));
    expect(known.pod(IP)).toBeUndefined();
  });

  test('loses it to another that said before that it has it', () => {
    const known = new KnownCluster();
    const b = podObject('b', { ips: [IP], start: '2026-01-01T00:00:01Z' });
    known.put('pods', b, podObject('a', { ips: [IP], start: '2026-01-01T00:00:02Z' }));
    known.remove('pods', 'uid-a');
    expect(known.pod(IP)).toBe('b');
  });

  test('is deleted where a new list is without it', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP] }), podObject('b', { ips: ['10.0.0.2'] }));
    known.list('pods', podObject('b', { ips: ['10.0.0.2'] }));
    expect(known.pod(IP)).toBe('a');
    known.nowMillis = 120_000;
    expect([known.pod(IP), known.pod('10.0.0.2')]).toEqual([undefined, 'b']);
  });

  test('stays where it is told again, as after a list from an old server', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP] }));
    known.remove('pods', 'uid-a');
    known.put('pods', podObject('a', { ips: [IP] }));
    known.nowMillis = 1_000_000;
    expect(known.pod(IP)).toBe('a');
  });

  test('shows what it showed last, whatever else is gone by then', () => {
    const known = new KnownCluster();
    known.put('pods', podObject('a', { ips: [IP], owner: 'ReplicaSet/web-x/rs' }));
    known.put('replicasets', { metadata: { name: 'web-x', uid: 'rs', ownerReferences: [{ kind: 'Deployment', name: 'web' }] } });
    known.remove('pods', 'uid-a');
    known.remove('replicasets', 'rs');
    expect(known.who(IP)).toMatchObject({ 'k8s.deployment.name': 'web' });
  });
});

test('50 generations of 1,000 pods leave nothing behind', () => {
  const known = new KnownCluster();
  for (let generation = 0; generation < 50; generation++) {
    known.nowMillis += 60_000;
    known.list(
      'pods',
      ...Array.from({ length: 1_000 }, (_, i) =>
        podObject(`${generation}-${i}`, { ips: [`10.${generation}.${i >> 8}.${i & 255}`] }),
      ),
    );
    known.cluster.pods.expire();
    expect(known.cluster.pods.size).toBeLessThanOrEqual(3_000);
  }
  known.list('pods');
  known.nowMillis += 120_000;
  known.cluster.pods.expire();
  expect(known.cluster.pods.size).toBe(0);
  expect(known.cluster.pods.owner(key('10.49.0.1'))).toBeUndefined();
});
