import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Agent, MAIN, NODE } from '../support/agent.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { Namespace } from '../support/namespace.ts';
import { whyNotHere } from '../support/requirements.ts';

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const CAPABILITIES = '+bpf,+perfmon';

/** A clone in root's own home can't be read by another user, so that user can't run it either. */
function whyNotAsNobody(): string | undefined {
  const why = whyNotHere(['ip', 'taskset', 'setpriv']);
  const [file, ...args] = NOBODY as [string, ...string[]];
  if (why !== undefined || spawnSync(file, [...args, 'test', '-r', MAIN]).status === 0) return why;
  console.warn(`skipped: uid 65534 can't read ${MAIN}`);
  return 'unreadable';
}

describe.skipIf(whyNotAsNobody() !== undefined)('a user without privileges', () => {
  test('is told in a sentence which are needed and what to run', async () => {
    const agent = await Agent.spawn({}, { command: [...NOBODY, '--inh-caps=-all', '--bounding-set=-all', NODE, MAIN] });
    expect(await agent.exit).toEqual({ code: 1, signal: null });
    expect(agent.output).toMatch(
      /^dropreason: receivers::dropreason: .*EPERM.*run as root \(sudo npm start\), or give the process CAP_BPF and CAP_PERFMON/m,
    );
    expect(agent.output).not.toMatch(/^\s+at /m);
  });

  test('counts exactly with CAP_BPF and CAP_PERFMON alone', async () => {
    const command = [...NOBODY, `--inh-caps=${CAPABILITIES}`, `--ambient-caps=${CAPABILITIES}`, NODE, MAIN];
    const agent = await Agent.start({}, { command });
    const namespace = new Namespace();
    try {
      namespace.drop(21);
      const series = await agent.scrape();
      const here = { reason: 'NO_SOCKET', network_namespace_inode: String(namespace.inode) };
      expect(sum(pick(series, 'dropreason_drop_count_total', here))).toBe(21);
      expect(await agent.stop()).toMatchObject({ code: 0 });
    } finally {
      agent.kill();
      namespace.remove();
    }
  });
});
