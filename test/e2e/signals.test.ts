import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Agent, MAIN, NODE, pipeline, ROOT } from '../support/agent.ts';
import { listen, portOf } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';
import { scratchDirectory } from '../support/scratch.ts';

/** An orderly end, as the agent promises it, whenever the signal comes. */
const END_MILLIS = 5_000;
const OLD = '/usr/bin/node';
const isOld = /^v(?:20|22)\./.test(spawnSync(OLD, ['--version'], { encoding: 'utf8' }).stdout ?? '');

/** An agent that doesn't get beyond its start: it waits for an API server that says nothing. Nothing is loaded yet. */
async function startWaiting(command: readonly string[]) {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const api = await listen(resolve);
  const directory = scratchDirectory();
  const kubeConfig = join(directory, 'kubeconfig');
  writeFileSync(
    kubeConfig,
    JSON.stringify({
      'current-context': 'silent',
      clusters: [{ name: 'silent', cluster: { server: `https://127.0.0.1:${portOf(api)}` } }],
      users: [{ name: 'silent', user: { token: 'none' } }],
      contexts: [{ name: 'silent', context: { cluster: 'silent', user: 'silent' } }],
    }),
  );
  const k8s = { auth_type: 'kubeConfig', wait_for_metadata: true, wait_for_metadata_timeout: '1m' };
  const agent = await Agent.spawn(
    {},
    {
      command,
      env: { KUBECONFIG: kubeConfig },
      file: (port) => pipeline({ port, receiver: { mode: 'advanced' }, processors: { k8s_attributes: k8s, pod_drops: {} } }),
    },
  );
  return { agent, asked, api };
}

describe.skipIf(whyNotHere(['setpriv']) !== undefined)('a signal', () => {
  test.each([
    ['', [NODE, MAIN], true],
    [', handed over from an older Node', [OLD, MAIN], isOld],
  ] as const)('during the start ends it%s', async (_, command, isThere) => {
    if (!isThere) return;
    const { agent, asked, api } = await startWaiting(command);
    await asked;
    const { code, millis } = await agent.stop();
    api.close();
    expect(code).toBe(0);
    expect(millis).toBeLessThan(END_MILLIS);
    expect(agent.output).not.toMatch(/^try:/m);
  });

  test('SIGHUP during the start neither ends it nor keeps SIGTERM waiting', async () => {
    const { agent, asked, api } = await startWaiting([NODE, MAIN]);
    await asked;
    agent.signal('SIGHUP');
    agent.signal('SIGTERM');
    expect(await agent.exit).toEqual({ code: 0, signal: null });
    api.close();
  });

  test('that comes before anything is loaded is not lost', async () => {
    const script = `
      const { Signals } = await import(${JSON.stringify(new URL('../../src/cli/signals.ts', import.meta.url).href)});
      const signals = new Signals();
      process.kill(process.pid, 'SIGHUP');
      process.kill(process.pid, 'SIGTERM');
      setTimeout(() => signals.listen((signal) => console.log(signal)), 100);
      setTimeout(() => process.exit(), 200);`;
    const { stdout, status } = spawnSync(NODE, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: ROOT });
    expect({ stdout: stdout.trim().split('\n').sort(), status }).toEqual({ stdout: ['SIGHUP', 'SIGTERM'], status: 0 });
  });
});

/** Runs what follows as process 1 of a PID namespace of its own, as in a container. It ends with us, and its exit code is handed on. */
const AS_INIT = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', NODE, MAIN];

/** The process that unshare has forked, when it handles signals: SIGHUP is the one that Node itself has no handler for. */
async function initOf({ process: { pid } }: Agent): Promise<number> {
  const SIGHUP = 1n;
  for (;;) {
    try {
      const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
      const [, caught] = /^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${child}/status`, 'utf8')) ?? [];
      if (child > 0 && caught !== undefined && BigInt(`0x${caught}`) & SIGHUP) return child;
    } catch {
      // not there yet
    }
    await sleep(1);
  }
}

/** Ends in order, as promised. */
async function endsBy(agent: Agent, pid: number): Promise<void> {
  const began = performance.now();
  process.kill(pid, 'SIGTERM');
  expect(await agent.exit, agent.output).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(END_MILLIS);
}

describe.skipIf(whyNotHere(['setpriv', 'unshare']) !== undefined)('process 1 of a container', () => {
  test.each([0, 100, 900])('ends at a SIGTERM %d ms after it began to handle signals', async (millis) => {
    const { agent, api } = await startWaiting(AS_INIT);
    const pid = await initOf(agent);
    await sleep(millis);
    await endsBy(agent, pid);
    api.close();
  });

  test('ends at a SIGTERM while it waits for Kubernetes, and not at an early SIGHUP', async () => {
    const { agent, asked, api } = await startWaiting(AS_INIT);
    const pid = await initOf(agent);
    process.kill(pid, 'SIGHUP');
    await asked;
    await endsBy(agent, pid);
    api.close();
  });
});
