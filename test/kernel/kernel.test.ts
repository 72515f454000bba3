import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFullMap, FULL_CONFIG, FULL_SCENARIOS } from './full_map.ts';
import { createMeter } from './receiver_meter.ts';
import { REGRESSIONS } from './regressions.ts';
import { whyNone } from './requirements.ts';
import { Runner } from './runner.ts';
import { scenarios } from './scenarios/index.ts';
import { removeAllTestbeds } from './testbed.ts';

if (process.getuid?.() === 0) execFileSync('sh', [fileURLToPath(new URL('build.sh', import.meta.url))], { stdio: 'inherit' });

const why = whyNone();
if (why !== undefined) console.warn(`test/kernel: skipped: ${why}`);

/** Both count the same drops at the same time: one drop is one count, whoever asks. */
const MODES = ['basic', 'advanced'] as const;

describe.skipIf(why !== undefined)('what the kernel drops is what is counted', () => {
  const meters = MODES.map((mode) => createMeter({ config: { mode } }));
  const runner = new Runner(meters);

  beforeAll(async () => {
    for (const meter of meters) await meter.start();
  });
  afterAll(async () => {
    await runner.stop();
    for (const meter of meters) await meter.stop();
    removeAllTestbeds(); // of a test that was cut short
  });

  for (const mode of MODES) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      it(`a full map hides no new reasons ${family}, mode ${mode}`, async () => {
        const full = createMeter({ config: { ...FULL_CONFIG, mode } });
        await full.start();
        const { message } = await checkFullMap(
          full,
          scenarios.filter(({ name }) => FULL_SCENARIOS.includes(name)),
          family,
        );
        await full.stop();
        expect(message).toBe('');
      });
    }
  }

  it('has a scenario for each known mistake of its peers', () => {
    const names = new Set([...scenarios.map(({ name }) => name), 'full map/new reasons']);
    for (const guards of Object.values(REGRESSIONS)) {
      expect(guards.length).toBeGreaterThan(0);
      expect(guards.filter((name) => !names.has(name))).toEqual([]);
    }
  });

  for (const scenario of scenarios) {
    for (const family of scenario.families) {
      it(`${scenario.name} ${family}`, async (context) => {
        const missing = runner.whyNot(scenario);
        if (missing !== undefined) context.skip(missing);
        const outcomes = await runner.run(scenario, family);
        expect(outcomes.map(({ message }, index) => `${MODES[index]}: ${message}`)).toEqual(MODES.map((mode) => `${mode}: `));
      });
    }
  }
});
