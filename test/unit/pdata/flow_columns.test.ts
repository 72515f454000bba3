import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FlowRow } from '../../../src/pdata/flow.ts';
import { columnsOf, flowRows, joinFlows, selectFlows, sumOfFlows } from '../../../src/pdata/flow_columns.ts';
import { sumOf } from '../../../src/pdata/sums.ts';
import { end, flow } from '../../support/flows.ts';

const anEnd = fc.record({ address: fc.constantFrom('', '10.0.0.1', 'fd00::1'), pod: fc.constantFrom('web', 'db') });
const flows = fc.array(
  fc
    .record({ from: anEnd, to: anEnd, drops: fc.nat(), bytes: fc.option(fc.nat(), { nil: undefined }), port: fc.nat(65_535) })
    .map(({ from, to, ...given }): FlowRow => {
      const [source, destination] = [from, to].map(({ address, pod }) => end(address, { 'k8s.pod.name': pod }));
      return flow('', '', { ...given, source: source as FlowRow['source'], destination: destination as FlowRow['source'] });
    }),
  { maxLength: 8 },
);

describe('flows in columns', () => {
  test('are the flows that they were made of, joined and selected as arrays are', () => {
    fc.assert(
      fc.property(fc.array(flows, { maxLength: 4 }), fc.func(fc.boolean()), (parts, isKept) => {
        const all = parts.flat();
        const joined = joinFlows(parts.map(columnsOf));
        expect([...flowRows(joined)]).toEqual(all);
        expect(sumOfFlows(joined)).toEqual(sumOf(all));
        const indices = all.map((_, index) => index).filter((index) => isKept(index));
        const selected = selectFlows(joined, Uint32Array.from(indices));
        expect([...flowRows(selected)]).toEqual(indices.map((index) => all[index]));
      }),
    );
  });
});
