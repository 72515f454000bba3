import { release } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockdownLevel } from '../../src/receivers/dropreason/attach/lockdown.ts';
import { Agent } from '../support/agent.ts';
import { pick, type Series, sum } from '../support/metrics_text.ts';
import { Namespace } from '../support/namespace.ts';
import { whyNotHere } from '../support/requirements.ts';

const [major = 0, minor = 0] = release().split('.').map(Number);
/** a35b9af4ec2c: since then what is behind a packet can be read without a helper. */
const hasCasts = major > 6 || (major === 6 && minor >= 2);

function whyNotLockedDown(): string | undefined {
  const why = whyNotHere(['ip', 'taskset', 'setpriv']);
  if (why !== undefined) return why;
  if (lockdownLevel() === 'confidentiality') return undefined;
  const level = 'needs a kernel under lockdown=confidentiality: test/vm/lockdown.sh';
  console.warn(`skipped: ${level}`);
  return level;
}

describe.skipIf(whyNotLockedDown() !== undefined)('under lockdown=confidentiality', () => {
  let namespace: Namespace;
  let agent: Agent | undefined;

  beforeEach(() => {
    namespace = new Namespace();
  });

  afterEach(() => {
    agent?.kill();
    agent = undefined;
    namespace.remove();
  });

  test('doctor names it, and what would lift it', async () => {
    agent = await Agent.spawn({}, { verb: ['doctor'] });
    expect(await agent.exit).toEqual({ code: hasCasts ? 0 : 1, signal: null });
    expect(agent.output).toMatch(/^warn +lockdown +confidentiality: .*lockdown=integrity/m);
    expect(agent.output).toMatch(hasCasts ? /^ok +hook kfree_skb +attached/m : /^fail +hook kfree_skb +.*lockdown=integrity$/m);
  });

  test.skipIf(hasCasts)('before 6.2 the start fails, in a line and without the words of the verifier', async () => {
    agent = await Agent.spawn();
    expect(await agent.exit).toEqual({ code: 1, signal: null });
    const lines = agent.output.split('\n').filter((line) => line.startsWith('dropreason: '));
    expect(lines).toEqual([expect.stringMatching(/receivers::dropreason: .*lockdown=confidentiality.*lockdown=integrity/)]);
    expect(agent.output).not.toMatch(/bpf_probe_read|processed \d+ insns/);
  });

  test.skipIf(!hasCasts)('drops are counted exactly, in both modes', async () => {
    const attributes = [
      'network.type',
      'network.namespace.inode',
      'network.interface.name',
      'network.transport',
      'code.function.name',
      'netfilter.hook',
    ];
    for (const mode of ['basic', 'advanced']) {
      agent = await Agent.start({ receiver: { mode, attributes } });
      namespace.drop(21);
      namespace.refuse(2);
      const series = await agent.scrape();
      const here = (labels: Record<string, string>) =>
        pick(series, 'dropreason_drop_count_total', { network_namespace_inode: String(namespace.inode), ...labels });
      const udp = here({ network_interface_name: 'lo', network_transport: 'udp' });
      expect(sum(udp)).toBe(21);
      expect(udp.every(({ labels }) => /udp/.test(labels.code_function_name ?? ''))).toBe(true);
      for (const hook of ['connect', 'accept'])
        expect(ofHook(series, hook)).toMatchObject([{ value: 0, labels: { why: 'lockdown' } }]);
      for (const hook of ['kfree_skb', 'nested'])
        expect(ofHook(series, hook)).toMatchObject([{ value: 1, labels: { rung: 'tracepoint' } }]);
      expect(await agent.stop()).toMatchObject({ code: 0 });
    }
  });
});

function ofHook(series: readonly Series[], hook: string): Series[] {
  return pick(series, 'dropreason_receiver_hook_attached', { hook });
}
