import { describe, expect, test } from 'vitest';
import { flowRows } from '../../../../../src/pdata/flow_columns.ts';
import { Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';
import { FlowRows } from '../../../../../src/receivers/dropreason/rows/flow_rows.ts';
import { NamespaceNames } from '../../../../../src/receivers/dropreason/rows/namespaces.ts';
import { Origins } from '../../../../../src/receivers/dropreason/rows/origins.ts';
import { encodeFlows, type MadeFlow } from '../../../../support/encode_flows.ts';
import { FakeProbe, LAYOUT, rowAttributes } from '../../../../support/layout.ts';

const NAMES = [
  { name: 'SKB_DROP_REASON_NOT_SPECIFIED', value: 2 },
  { name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 },
];

function make({ byFunction = false } = {}) {
  const probe = new FakeProbe(1, 64);
  const attributes = rowAttributes(new Reasons(byFunction ? [] : NAMES, LAYOUT.maxReasons), {}, { named: false, byFunction });
  const rows = new FlowRows(probe, LAYOUT, attributes, new Origins(probe, false), new NamespaceNames('/nowhere'));
  const decode = async (flows: readonly MadeFlow[]) => [...flowRows(await rows.decode(encodeFlows(flows)))];
  return { probe, decode };
}

describe('flows of the kernel', () => {
  test('are told with all that they have', async () => {
    const { probe, decode } = make();
    probe.interfaceNames = [{ netns: 4_026_531_840, cookie: 0, ifindex: 2, name: 'eth0' }];
    const [row] = await decode([
      {
        source: '10.1.2.3',
        destination: 'fd00::1',
        port: 53,
        netns: 4_026_531_840,
        ifindex: 2,
        packets: 2 ** 40,
        bytes: 2 ** 45,
      },
    ]);
    expect(row).toMatchObject({
      transport: 'udp',
      port: 53,
      interface: 'eth0',
      netns: 4_026_531_840,
      drops: 2 ** 40,
      bytes: 2 ** 45,
    });
    expect(row?.attributes.values).toEqual({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' });
    expect([row?.source.address?.text, row?.destination.address?.text]).toEqual(['10.1.2.3', 'fd00::1']);
  });

  test('have no address, protocol or interface where the packet has none', async () => {
    const [row] = await make().decode([{ protocol: LAYOUT.noProtocol }]);
    expect(row).toMatchObject({ transport: '', interface: 'unknown', netns: 0, port: 0 });
    expect([row?.source.address, row?.destination.address]).toEqual([undefined, undefined]);
  });

  test('a protocol without a name shows as its number', async () => {
    expect(await make().decode([{ protocol: 47 }])).toMatchObject([{ transport: '47' }]);
  });

  test('a failed call has its errno, and no bytes', async () => {
    const [row] = await make().decode([{ reason: LAYOUT.calls.connect, error: 111, direction: 2 }]);
    expect(row?.bytes).toBeUndefined();
    expect(row?.attributes.values).toMatchObject({ reason: 'TCP_CONNECT_BASIC', 'error.type': 'ECONNREFUSED', class: 'call' });
  });

  test('share what they have in common', async () => {
    const [a, b] = await make().decode([
      { source: '10.0.0.1', destination: '10.0.0.2' },
      { source: '10.0.0.1', destination: '10.0.0.3' },
    ]);
    expect(a?.attributes).toBe(b?.attributes);
    expect(a?.source.address).toBe(b?.source.address);
    expect(a?.destination.address?.key).not.toBe(b?.destination.address?.key);
  });

  test('have the addresses of their own read, whatever others had', async () => {
    const { decode } = make();
    const texts = async (...sources: readonly string[]) =>
      (await decode(sources.map((source) => ({ source, destination: '10.0.0.9' })))).map(({ source, destination }) => {
        return `${source.address?.text} ${destination.address?.text}`;
      });
    expect(await texts('10.0.0.1', '10.0.0.2')).toEqual(['10.0.0.1 10.0.0.9', '10.0.0.2 10.0.0.9']);
    expect(await texts('10.0.0.3', '10.0.0.2')).toEqual(['10.0.0.3 10.0.0.9', '10.0.0.2 10.0.0.9']);
    // More than are remembered.
    const many = Array.from({ length: 70_000 }, (_, index) => `11.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    expect(await texts(...many)).toEqual(many.map((source) => `${source} 10.0.0.9`));
    expect(await texts('10.0.0.2')).toEqual(['10.0.0.2 10.0.0.9']);
  });

  test('an interface that comes later gets its name, one that is unknown is asked for once a read', async () => {
    const { probe, decode } = make();
    const flows = [1, 2, 3].map((ifindex) => ({ netns: 7, ifindex }));
    expect((await decode(flows)).map((row) => row.interface)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(probe.interfacesAsked).toBe(1);
    probe.interfaceNames = [{ netns: 7, cookie: 0, ifindex: 2, name: 'veth2' }];
    expect((await decode(flows)).map((row) => row.interface)).toEqual(['unknown', 'veth2', 'unknown']);
    expect(probe.interfacesAsked).toBe(2);
  });

  test('the same index in two namespaces is two interfaces', async () => {
    const { probe, decode } = make();
    probe.interfaceNames = [
      { netns: 4_026_531_840, cookie: 0, ifindex: 2, name: 'eth0' },
      { netns: 4_026_531_841, cookie: 0, ifindex: 2, name: 'cali1' },
    ];
    const rows = await decode(probe.interfaceNames.map(({ netns, ifindex }) => ({ netns, ifindex })));
    expect(rows.map((row) => row.interface)).toEqual(['eth0', 'cali1']);
  });

  test('two namespaces that had the same inode number, one after the other, are two', async () => {
    const { probe, decode } = make();
    const netns = 4_026_531_840;
    probe.interfaceNames = [
      { netns, cookie: 7, ifindex: 2, name: 'eth0' },
      { netns, cookie: 8, ifindex: 2, name: 'wg0' },
    ];
    const rows = await decode([7n, 8n].map((cookie) => ({ netns, cookie, ifindex: 2 })));
    expect(rows.map((row) => [row.netnsCookie, row.interface])).toEqual([
      [7, 'eth0'],
      [8, 'wg0'],
    ]);
  });

  test('every index of a namespace is an interface of its own, whatever the numbers', async () => {
    const { probe, decode } = make();
    const netns = 4_026_531_840;
    probe.interfaceNames = [1, 2, 3, 2 ** 31 - 1].map((ifindex) => ({ netns, cookie: 0, ifindex, name: `eth${ifindex}` }));
    const rows = await decode(probe.interfaceNames.map(({ ifindex }) => ({ netns, ifindex })));
    expect(rows.map((row) => row.interface)).toEqual(['eth1', 'eth2', 'eth3', 'eth2147483647']);
  });

  test('many are decoded in order, and others run in between', async () => {
    const { decode } = make();
    const flows = Array.from({ length: 10_000 }, (_, i) => ({ source: `10.0.${i >> 8}.${i & 255}`, packets: i }));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const rows = await decode(flows);
    clearInterval(timer);
    expect(rows.map(({ drops }) => drops)).toEqual(flows.map(({ packets }) => packets));
    expect(turns).toBeGreaterThan(0);
  });
});
