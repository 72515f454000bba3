import { expect, test } from 'vitest';
import { renderKernels } from '../../vm/kernels_doc.ts';
import type { ScenarioResult } from '../../vm/results.ts';

function result(given: Partial<ScenarioResult>): ScenarioResult {
  const usual = { scenario: 'x/a', family: 'ipv4', ok: true, reason: 'NO_SOCKET', direction: 'ingress', drops: 7, bytes: 700 };
  return { run: 'default', ...usual, message: '', skipped: undefined, note: undefined, regressions: [], ...given };
}

/** The lines of the table whose head begins with `first`, with what stands right behind it. */
function section(rendered: string, first: string): string[] {
  const lines = rendered.split('\n');
  const from = lines.findIndex((line) => line.startsWith(first));
  const end = lines.findIndex((line, index) => index > from && line.startsWith('## '));
  return lines.slice(from, end < 0 ? undefined : end).filter((line) => line !== '');
}

test('a table with what each kernel says, why it differs, and what none of them counts', () => {
  const rendered = renderKernels(
    new Map([
      ['5.10', [result({ reason: 'UNKNOWN_DROP', note: 'no reasons' }), result({ scenario: 'x/b', drops: 0 })]],
      [
        '6.12',
        [
          result({}),
          result({ scenario: 'x/b', skipped: 'no module' }),
          result({ scenario: 'x/c' }),
          result({ run: 'reasons: function', reason: 'OF_FUNCTION' }),
        ],
      ],
    ]),
  );
  expect(section(rendered, '| scenario | family | direction')).toEqual([
    '| scenario | family | direction | 5.10 | 6.12 | 6.12 by function |',
    '|---|---|---|---|---|---|',
    '| x/a | ipv4 | ingress | `UNKNOWN_DROP` <sup>1</sup> | `NO_SOCKET` | `OF_FUNCTION` |',
    '| x/b | ipv4 | ingress | none | – | – |',
    '| x/c | ipv4 | ingress | – | `NO_SOCKET` | – |',
    '1. no reasons',
  ]);
});

test('the rung of each hook, and what the scenarios are counted as on lower ones', () => {
  const nat = { scenario: 'nat/a', reason: 'NAT' };
  const onEveryRung = (family: string) => [
    result({ ...nat, family }),
    result({ ...nat, family, run: 'kprobe' }),
    result({ ...nat, family, run: 'tracepoint', reason: 'RULE' }),
  ];
  const rendered = renderKernels(
    new Map([
      ['6.1', [result({ scenario: 'rung of nat', reason: 'fexit' }), ...onEveryRung('ipv4'), ...onEveryRung('ipv6')]],
      [
        '6.12',
        [
          result({ scenario: 'rung of nat', reason: 'fexit' }),
          result({ scenario: 'rung of nat', run: 'kprobe', reason: 'kprobe' }),
          ...onEveryRung('ipv4'),
          result({ ...nat, run: 'nat=kprobe' }),
          result({ scenario: 'program of nat: nat_kprobe', run: 'nat=kprobe' }),
        ],
      ],
    ]),
  );
  expect(section(rendered, '| hook | 6.1')).toContain('| `nat` | fexit | fexit |');
  expect(section(rendered, '| scenario | family | kernel')).toEqual([
    '| scenario | family | kernel | default | kprobe | stack | tracepoint | state |',
    '|---|---|---|---|---|---|---|---|',
    '| nat/a | ipv4, ipv6 | 6.1, 6.12 | `NAT` | `NAT` | – | `RULE` | – |',
  ]);
  expect(section(rendered, '| kernel | hook=rung').slice(2)).toEqual(['| 6.12 | `nat=kprobe` | 1 | `NAT` |']);
});

test('each known mistake with the scenarios that would show it', () => {
  const regressions = ['every fragment counted'];
  const rendered = renderKernels(new Map([['6.12', [result({ scenario: 'x/b', regressions }), result({ regressions })]]]));
  expect(rendered).toContain('\n- every fragment counted: x/a, x/b\n');
});
