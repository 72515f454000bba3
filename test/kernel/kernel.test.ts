import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMeter } from './receiver_meter.ts';
import { whyNone, whyNot } from './requirements.ts';
import { Runner } from './runner.ts';
import { scenarios } from './scenarios/index.ts';
import { removeAllTestbeds } from './testbed.ts';

if (process.getuid?.() === 0) execFileSync('sh', [fileURLToPath(new URL('build.sh', import.meta.url))], { stdio: 'inherit' });

const why = whyNone();
if (why !== undefined) console.warn(`test/kernel: skipped: ${why}`);

describe.skipIf(why !== undefined)('what the kernel drops is what is counted', () => {
  const meter = createMeter();
  const runner = new Runner(meter);

  beforeAll(() => meter.start());
  afterAll(async () => {
    await runner.stop();
    await meter.stop();
    removeAllTestbeds(); // of a test that was cut short
  });

  for (const scenario of scenarios) {
    for (const family of scenario.families) {
      it(`${scenario.name} ${family}`, async (context) => {
        const missing = whyNot(scenario);
        if (missing !== undefined) context.skip(missing);
        const outcome = await runner.run(scenario, family);
        expect(outcome.message).toBe('');
      });
    }
  }
});
