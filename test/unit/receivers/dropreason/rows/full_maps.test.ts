import { describe, expect, test, vi } from 'vitest';
import { columnsOf } from '../../../../../src/pdata/flow_columns.ts';
import { FullMaps } from '../../../../../src/receivers/dropreason/rows/full_maps.ts';
import { makeSettings } from '../../../../support/settings.ts';
import { row } from '../../../metrics/fixtures.ts';

function make() {
  const { logger } = makeSettings('dropreason');
  const lines: string[] = [];
  vi.spyOn(logger, 'warn').mockImplementation(
    (fields: unknown, text?: string) => void lines.push(`warn ${JSON.stringify(fields)} ${text}`),
  );
  vi.spyOn(logger, 'info').mockImplementation(
    (fields: unknown, text?: string) => void lines.push(`info ${JSON.stringify(fields)} ${text}`),
  );
  const maps = new FullMaps(logger);
  const look = (seconds: number, ...losses: (readonly [string, number])[]) => {
    maps.look({ losses: losses.map(([slot, count]) => ({ slot, count })) }, seconds * 1000);
    return lines.splice(0);
  };
  return { maps, look, lines };
}

describe('a map of the kernel that is full', () => {
  test('is logged once, with what to do, and once when it has had room for a minute', () => {
    const { look } = make();
    expect(look(0, ['attributes_full', 0])).toEqual([]);
    expect(look(10, ['attributes_full', 3])).toEqual([
      expect.stringMatching(/^warn \{"map":"attributes","drops":3\} .*raise attributes_max_entries/),
    ]);
    expect(look(20, ['attributes_full', 4])).toEqual([]);
    expect(look(79)).toEqual([]);
    expect(look(80)).toEqual([expect.stringMatching(/^info \{"map":"attributes","drops":7\} .*room/)]);
    expect(look(90)).toEqual([]);
    expect(look(100, ['attributes_full', 1])).toHaveLength(1);
  });

  test('is told from slots that say something else', () => {
    expect(make().look(0, ['fragment', 3], ['nested', 1])).toEqual([]);
  });

  test('may be that of flows', () => {
    const { maps, lines } = make();
    const overflow = [row({ reason: 'A' }, 5, 50)];
    maps.look({ losses: [], flows: { rows: columnsOf([]), overflow, node: { drops: 5, bytes: 50 } } }, 0);
    expect(lines).toEqual([expect.stringContaining('flows::max_entries')]);
  });
});
