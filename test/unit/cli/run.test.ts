import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import type { HandledSignal } from '../../../src/cli/signals.ts';
import { serve, simple } from '../service/running.ts';

/** An agent whose exporter never ends. */
async function ending() {
  const { stage, path, lines } = serve(simple());
  let signal: (name: HandledSignal) => void = () => {};
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  const signals = {
    listen: (listener: typeof signal) => {
      signal = listener;
    },
  };
  const code = run({ files: [path], env: {}, factories: stage.factories }, { stdout: () => resolve() }, signals);
  await greeted;
  const { promise: stopping, resolve: stops } = Promise.withResolvers<void>();
  stage.exporter('sink').shutdown = () => {
    stops();
    return new Promise(() => {});
  };
  return { code, signal: (name: HandledSignal) => signal(name), stopping, lines };
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second signal while the agent ends, %s, ends it at once with %i', async (name, code) => {
  const agent = await ending();
  agent.signal('SIGTERM');
  await agent.stopping;
  await sleep(600);
  agent.signal(name);
  expect(await agent.code).toBe(code);
  expect(agent.lines().at(-1)).toMatchObject({ level: 'warn', msg: expect.stringContaining(`second ${name}`) });
});

test('a signal that arrives twice, as from a terminal and npm, counts once: the end is orderly', async () => {
  const agent = await ending();
  agent.signal('SIGINT');
  agent.signal('SIGINT');
  await agent.stopping;
  expect(await agent.code).toBe(0);
});
