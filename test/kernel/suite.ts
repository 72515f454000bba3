import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMeter } from './receiver_meter.ts';
import { whyNone } from './requirements.ts';
import { type AskedRungs, rungsConfig } from './rungs.ts';
import { Runner } from './runner.ts';
import type { Scenario } from './scenario.ts';
import { removeAllTestbeds } from './testbed.ts';

/** Both count the same drops at the same time. Each must count every drop once. */
export const MODES = ['basic', 'advanced'] as const;

/** A test for each scenario and family. If no drop can be caused or counted here, skips all and prints why. */
export function describeScenarios(title: string, scenarios: readonly Scenario[], rungs: AskedRungs = {}): void {
  const why = whyNone();
  if (why !== undefined) console.warn(`${title}: skipped: ${why}`);
  describe.skipIf(why !== undefined)(title, () => {
    const meters = MODES.map((mode) => createMeter({ config: { ...rungsConfig(rungs), mode } }));
    const runner = new Runner(meters);

    beforeAll(async () => {
      for (const meter of meters) await meter.start();
    });
    afterAll(async () => {
      await runner.stop();
      for (const meter of meters) await meter.stop();
      removeAllTestbeds(); // of an interrupted test
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
}
