import { expect, test } from 'vitest';
import { renderKernels } from '../../vm/kernels_doc.ts';
import type { ScenarioResult } from '../../vm/results.ts';

function result(given: Partial<ScenarioResult>): ScenarioResult {
  const usual = { scenario: 'a', family: 'ipv4', ok: true, reason: 'NO_SOCKET', direction: 'ingress', drops: 7, bytes: 700 };
  return { ...usual, message: '', skipped: undefined, note: undefined, ...given };
}

test('a table with what each kernel says, why it differs, and what none of them counts', () => {
  const rendered = renderKernels(
    new Map([
      ['5.10', [result({ reason: 'UNKNOWN_DROP', note: 'no reasons' }), result({ scenario: 'b', drops: 0 })]],
      ['6.12', [result({}), result({ scenario: 'b', skipped: 'no module' }), result({ scenario: 'c' })]],
    ]),
  );
  const [, table] = rendered.split('\n\n| ');
  expect(`| ${table}`.split('\n')).toEqual([
    '| scenario | family | direction | 5.10 | 6.12 |',
    '|---|---|---|---|---|',
    '| a | ipv4 | ingress | `UNKNOWN_DROP` <sup>1</sup> | `NO_SOCKET` |',
    '| b | ipv4 | ingress | none | – |',
    '| c | ipv4 | ingress | – | `NO_SOCKET` |',
    '',
    '1. no reasons',
    '',
  ]);
});
