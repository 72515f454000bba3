import { describe, expect, it } from 'vitest';
import { checkFullMap, FULL_CONFIG } from './full_map.ts';
import { createMeter } from './receiver_meter.ts';
import { REGRESSIONS } from './regressions.ts';
import { whyNone } from './requirements.ts';
import { packetScenarios, scenarios } from './scenarios/index.ts';
import { describeScenarios, MODES } from './suite.ts';

describe.skipIf(whyNone() !== undefined)('a full map hides no new reasons', () => {
  for (const mode of MODES) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      it(`${family}, mode ${mode}`, async () => {
        const full = createMeter({ config: { ...FULL_CONFIG, mode } });
        await full.start();
        const { message } = await checkFullMap(full, family);
        await full.stop();
        expect(message).toBe('');
      });
    }
  }
});

it('each known mistake of its peers has a scenario', () => {
  const names = new Set([...scenarios.map(({ name }) => name), 'full map/new reasons']);
  for (const guards of Object.values(REGRESSIONS)) {
    expect(guards.length).toBeGreaterThan(0);
    expect(guards.filter((name) => !names.has(name))).toEqual([]);
  }
});

describeScenarios('what the kernel drops is what is counted', packetScenarios);
