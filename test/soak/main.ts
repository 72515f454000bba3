/**
 * `npm run soak -- MINUTES`: adds and removes interfaces, network namespaces, pods, scanners, and reloads, for so long (30 minutes), with
 * an agent that has small tables. Its resources must be flat after the first tenth, new interfaces must appear, and the increase of
 * counters that a scraper sees must equal the drops.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, MAIN, NODE } from '../support/agent.ts';
import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { namespaceObject, nodeObject } from '../support/kube_objects.ts';
import { NODE_FLAGS } from '../support/node_flags.ts';
import { freePort } from '../support/ports.ts';
import { configuration } from './configuration.ts';
import { Soak } from './soak.ts';

const TICK_MILLIS = 1_000;
/** A shorter run is too short to settle and then prove it. */
const LEAST_MINUTES = 3;
const INSIDE = fileURLToPath(new URL('inside.js', import.meta.url));

async function main(minutes: number): Promise<number> {
  const ports = { node: await freePort(), flows: await freePort(), pods: await freePort(), own: await freePort() };
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-soak-'));
  const socket = join(directory, 'inside');
  const api = await FakeKubeApi.start();
  api.put('namespaces', namespaceObject('shop'));
  api.put('nodes', nodeObject('n1', ['192.0.2.1']));
  const agent = await Agent.start(
    {},
    {
      command: [NODE, ...NODE_FLAGS, '--expose-gc', '--import', INSIDE, MAIN],
      file: () => configuration(ports, 32),
      env: { KUBECONFIG: api.kubeConfigFile, DROPREASON_SOAK_SOCKET: socket },
      directory,
    },
  );
  const soak = new Soak(agent, { ports, api, socket });
  const close = async () => {
    await soak.close();
    rmSync(directory, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close().finally(() => process.exit(130)));
  let checks: ReadonlyMap<string, string | undefined>;
  try {
    const end = Date.now() + minutes * 60_000;
    for (let next = Date.now(); next < end; next += TICK_MILLIS) {
      await sleep(Math.max(0, next - Date.now()));
      await soak.tick();
    }
    checks = await soak.verdict();
  } finally {
    await close();
  }
  const failed = [...checks].filter(([, why]) => why !== undefined);
  if (failed.length > 0) console.log(agent.output);
  for (const [what, why] of failed) console.log(`FAILED: ${what}: ${why}`);
  console.log(`${checks.size - failed.length} passed, ${failed.length} failed, 0 skipped`);
  return failed.length === 0 ? 0 : 1;
}

const minutes = Number(process.argv[2] ?? 30);
if (!(minutes >= LEAST_MINUTES)) {
  console.error(`usage: npm run soak -- MINUTES, at least ${LEAST_MINUTES}`);
  process.exitCode = 2;
} else process.exitCode = await main(minutes);
