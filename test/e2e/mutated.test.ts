import { execFile } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/component/errors.ts';
import { factories } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Agent, MAIN, NODE, ROOT } from '../support/agent.ts';
import { whyNotHere } from '../support/requirements.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { ENVIRONMENT, mutated } from '../unit/config/mutations.ts';

/** CONTRIBUTING.md says how to have more of them, and the same ones again. */
const RUNS = Number(process.env.DROPREASON_MUTATIONS_RUN ?? 20);
const SEED = Number(process.env.DROPREASON_SEED ?? Date.now() % 2 ** 31);
/** Of them, those that need a cluster: they can't start here, and have to say so. */
const IN_CLUSTER = Math.floor(RUNS / 5);
const LEAST_STARTED = RUNS / 2;
/** So many run beside one another. */
const AT_ONCE = 2;
/** Much more than the longest wait of a start by default (`wait_for_metadata_timeout`). */
const START_MILLIS = 20_000;
const END_MILLIS = 5_000;
const EXAMPLES = globSync(['otel-collector.yaml', 'config/*.yaml', 'deploy/**/config.yaml'], { cwd: ROOT });

const run = promisify(execFile);

/**
 * Namespaces of its own: no network but a loopback device, where every port is free, and neither pins nor files of the node. None of it
 * outlives the agent.
 */
const ALONE = [
  ...['unshare', '--net', '--mount', 'sh', '-ec'],
  'ip link set lo up; mount -t bpf bpf /sys/fs/bpf; mount -t tmpfs tmpfs /var/log; cd /var/log; exec "$@"',
  'sh',
];

/** Mutants that `validate` calls valid. */
function valid(directory: string): string[] {
  const file = join(directory, 'mutant.yaml');
  const texts = EXAMPLES.map((name) => readFileSync(join(ROOT, name), 'utf8'));
  return fc.sample(mutated(texts), { seed: SEED, numRuns: RUNS * 40 }).filter((text) => {
    writeFileSync(file, text);
    try {
      loadConfig({ files: [file], env: ENVIRONMENT, factories });
      return true;
    } catch (error) {
      if (error instanceof ConfigError) return false;
      throw error;
    }
  });
}

async function hasStarted(agent: Agent): Promise<boolean | 'ended'> {
  let hasEnded = false;
  void agent.exit.then(() => {
    hasEnded = true;
  });
  for (const deadline = Date.now() + START_MILLIS; Date.now() < deadline; await sleep(20)) {
    if (agent.output.includes('\ntry: ')) return true;
    if (hasEnded) return 'ended';
  }
  return false;
}

/** The status of the first endpoint that it says it has; undefined where it has none. */
async function answer(agent: Agent): Promise<number | undefined> {
  const [, place] = /curl '?((?:https?:\/\/)?[\w.:[\]-]+\/\S*?)'?(?:,|\s|$)/.exec(agent.output) ?? [];
  if (place === undefined) return undefined;
  const script = 'fetch(process.argv[1]).then(({ status }) => console.log(status))';
  const url = place.includes('://') ? place : `http://${place}`;
  const { stdout } = await run('nsenter', ['--net', '--target', `${agent.process.pid}`, NODE, '-e', script, url]);
  return Number(stdout);
}

type Outcome = 'answered' | 'started' | 'failed';

/** Runs one until it has started and answered, and then ends it; or until it has ended by itself. */
async function outcomeOf(text: string, directory: string, about: string): Promise<Outcome> {
  mkdirSync(directory);
  const agent = await Agent.spawn({}, { command: [...ALONE, NODE, MAIN], file: () => text, env: ENVIRONMENT, directory });
  const told = () => `${about}:\n${text}\n${agent.output}`;
  let outcome: Outcome = 'failed';
  try {
    const state = await hasStarted(agent);
    if (state === true) {
      const status = await answer(agent);
      if (status !== undefined) expect(status, told()).toBe(200);
      outcome = status === undefined ? 'started' : 'answered';
    }
    if (state === 'ended') {
      expect(agent.output, told()).toMatch(/(?:receivers|processors|exporters|extensions|service)::/);
      expect((await agent.exit).code, told()).toBe(1);
    } else {
      const { code, millis } = await agent.stop();
      expect(code, told()).toBe(0);
      expect(millis, told()).toBeLessThan(END_MILLIS);
    }
    expect(agent.output, told()).not.toMatch(/\n\s+at |TypeError|RangeError|[Uu]ncaught|[Uu]nhandled/);
    return outcome;
  } finally {
    agent.kill();
  }
}

describe.skipIf(whyNotHere(['ip', 'unshare', 'nsenter', 'mount', 'setpriv']) !== undefined)(
  'mutated examples that are valid',
  () => {
    test(`${RUNS} of them start, answer and end in order, or say why they can't start`, {
      timeout: RUNS * (START_MILLIS + END_MILLIS),
    }, async () => {
      const directory = scratchDirectory();
      const needsCluster = (text: string) => text.includes('k8s_attributes');
      const all = valid(directory);
      const inCluster = all.filter(needsCluster).slice(0, IN_CLUSTER);
      const mutants = [...inCluster, ...all.filter((text) => !needsCluster(text))].slice(0, RUNS);
      expect(mutants).toHaveLength(RUNS);
      const outcomes: Outcome[] = [];
      const waiting = mutants.entries();
      const work = async () => {
        for (const [number, text] of waiting) {
          outcomes.push(await outcomeOf(text, join(directory, `${number}`), `seed ${SEED}, mutant ${number}`));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const answered = outcomes.filter((outcome) => outcome === 'answered').length;
      const started = answered + outcomes.filter((outcome) => outcome === 'started').length;
      console.log(`seed ${SEED}: ${started} of ${RUNS} started, ${answered} answered`);
      expect(started).toBeGreaterThanOrEqual(LEAST_STARTED);
      expect(answered).toBeGreaterThan(0);
    });
  },
);
