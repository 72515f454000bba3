import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Agent, type AgentOptions, MAIN, NODE, pipeline } from '../support/agent.ts';
import { pick, type Series, sum } from '../support/metrics_text.ts';
import { Namespace } from '../support/namespace.ts';
import { NOBODY, whyNotByNobody } from '../support/nobody.ts';
import { hasOpen, mapsOf } from '../support/open_files.ts';
import { whyNotHere } from '../support/requirements.ts';
import { identitiesOf, NO_PRIVILEGES, privilegesOf } from '../support/threads.ts';

const BPF = ['bpf', 'perfmon'];
const NEEDED = /run as root \(sudo npm start\), or give the process CAP_BPF and CAP_PERFMON/;
const SYSCTL = '/proc/sys/kernel/unprivileged_bpf_disabled';
const ATTRIBUTES = ['network.namespace.inode', 'code.function.name'];
/** Modules that have functions of NAT, from those that use others to those that are used. */
const NAT_MODULES = ['nft_nat', 'nft_redir', 'nft_masq', 'nft_chain_nat', 'xt_nat', 'iptable_nat', 'ip6table_nat', 'nf_nat'];

const [major = 0, minor = 0] = release().split('.').map(Number);
/** c8644cd0efe7: until then unprivileged_bpf_disabled refused a look at a map that a process holds, too. */
const refusesReads = major < 5 || (major === 5 && minor < 19);
/** 5.11 charges memory to the cgroup instead: 97306be45fbe and those before it. */
const chargesMemlock = major < 5 || (major === 5 && minor < 11);

/** Has the agent run by a user without privileges, but for these ambient capabilities. */
function asNobody(capabilities: readonly string[], before: readonly string[] = []): AgentOptions {
  const list = capabilities.map((each) => `+${each}`).join(',');
  return { command: [...before, ...NOBODY, `--inh-caps=${list}`, `--ambient-caps=${list}`, NODE, MAIN] };
}

function whyNotAsNobody(): string | undefined {
  return whyNotHere(['ip', 'taskset', 'setpriv', 'prlimit', 'unshare', 'bpftool']) ?? whyNotByNobody(MAIN);
}

/** Whether NAT's functions are in modules that aren't in use, so that a test may take them away and bring them back. */
function natCanBeTakenAway(): boolean {
  spawnSync('modprobe', ['-qra', ...NAT_MODULES]);
  return !existsSync('/sys/module/nf_nat') && spawnSync('modprobe', ['-qn', 'nf_nat']).status === 0;
}

/** As the kernel has it: its first 15 characters. */
function nameOfMap(id: number): string {
  const { stdout } = spawnSync('bpftool', ['-j', 'map', 'show', 'id', String(id)], { encoding: 'utf8' });
  return (JSON.parse(stdout) as { name: string }).name;
}

describe.skipIf(whyNotAsNobody() !== undefined)('the privileges of the agent', () => {
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

  async function start(receiver: object, options: AgentOptions): Promise<Agent> {
    agent = await Agent.start({ receiver: { attributes: ATTRIBUTES, ...receiver } }, options);
    return agent;
  }

  const here = (series: readonly Series[]) =>
    pick(series, 'dropreason_drop_count_total', { network_namespace_inode: String(namespace.inode) });
  const functions = (series: readonly Series[]) => new Set(here(series).map(({ labels }) => labels.code_function_name));
  const hook = (series: readonly Series[], name: string) => pick(series, 'dropreason_receiver_hook_attached', { hook: name });

  async function endsWith(running: Promise<Agent>): Promise<string> {
    agent = await running;
    expect(await agent.exit).toEqual({ code: 1, signal: null });
    expect(agent.output).not.toMatch(/^\s+at /m);
    return agent.output;
  }

  describe('a user without any', () => {
    test('is told in a sentence which are needed and what to run', async () => {
      const command = [...NOBODY, '--inh-caps=-all', '--bounding-set=-all', NODE, MAIN];
      const output = await endsWith(Agent.spawn({}, { command }));
      expect(output).toMatch(/^dropreason: receivers::dropreason: .*EPERM/m);
      expect(output).toMatch(NEEDED);
    });

    test.each([
      ['CAP_BPF', 'bpf'],
      ['CAP_PERFMON', 'perfmon'],
    ])('needs more than %s', async (_, capability) => {
      expect(await endsWith(Agent.spawn({}, asNobody([capability])))).toMatch(NEEDED);
    });

    test('counts exactly with CAP_BPF and CAP_PERFMON', async () => {
      const running = await start({}, asNobody(chargesMemlock ? [...BPF, 'sys_resource'] : BPF));
      namespace.drop(21);
      const series = await running.scrape();
      expect(sum(here(series))).toBe(21);
      expect(hook(series, 'kfree_skb')).toMatchObject([{ value: 1, labels: { rung: 'tracepoint' } }]);
      expect(await running.stop()).toMatchObject({ code: 0 });
    });

    test('sees the names of functions with CAP_SYSLOG besides', async () => {
      const running = await start({}, asNobody([...BPF, 'syslog', ...(chargesMemlock ? ['sys_resource'] : [])]));
      namespace.drop(5);
      const series = await running.scrape();
      expect(sum(here(series))).toBe(5);
      expect([...functions(series)]).toEqual([expect.stringMatching(/udp/)]);
    });
  });

  describe.skipIf(!chargesMemlock)('where the kernel charges the memlock limit', () => {
    const small = ['prlimit', '--memlock=65536:65536'];

    test('too low a one is told in a sentence', async () => {
      const output = await endsWith(Agent.spawn({}, asNobody(BPF, small)));
      expect(output).toMatch(/^dropreason: receivers::dropreason: .*memlock.*LimitMEMLOCK.*CAP_SYS_RESOURCE/m);
    });

    test('it is raised with CAP_SYS_RESOURCE', async () => {
      const running = await start({}, asNobody([...BPF, 'sys_resource'], small));
      namespace.drop(8);
      expect(sum(here(await running.scrape()))).toBe(8);
    });
  });

  describe.skipIf(!refusesReads)('`capabilities: drop` where the kernel refuses a look at a map without any', () => {
    let before = '';

    beforeEach(() => {
      before = readFileSync(SYSCTL, 'utf8').trim();
    });

    afterEach(() => {
      if (before !== '1') writeFileSync(SYSCTL, before);
    });

    test('is a mistake of the configuration, told with the setting', async () => {
      if (before === '0') writeFileSync(SYSCTL, '2');
      const output = await endsWith(Agent.spawn({ receiver: { capabilities: 'drop' } }));
      expect(output).toMatch(/^dropreason: receivers::dropreason: .*capabilities.*kernel\.unprivileged_bpf_disabled is [12]/m);
    });

    test.skipIf(readFileSync(SYSCTL, 'utf8').trim() === '1')('counts exactly where the setting is 0', async () => {
      writeFileSync(SYSCTL, '0');
      const running = await start({ capabilities: 'drop' }, {});
      namespace.drop(9);
      expect(sum(here(await running.scrape()))).toBe(9);
      expect(privilegesOf(running.process.pid)).toEqual(privilegesOf(running.process.pid).map(() => NO_PRIVILEGES));
    });
  });

  describe.skipIf(refusesReads)('`capabilities: drop`', () => {
    // Without CAP_SETPCAP nothing can be taken from the bounding set, and with no_new_privs nothing can be had from it.
    const bounding = privilegesOf()[0]?.CapBnd;
    const users: readonly [string, AgentOptions, object][] = [
      ['root', {}, NO_PRIVILEGES],
      ['uid 65534', asNobody([...BPF, 'syslog']), { ...NO_PRIVILEGES, CapBnd: bounding }],
      ['uid 65534 with CAP_SETPCAP', asNobody([...BPF, 'syslog', 'setpcap']), NO_PRIVILEGES],
    ];

    test.each(users)(
      'leaves none to any thread of %s, which goes on counting exactly and naming functions',
      async (_, as, left) => {
        const running = await start({ capabilities: 'drop' }, as);
        const check = () => {
          const threads = privilegesOf(running.process.pid);
          expect(threads.length).toBeGreaterThan(5);
          expect(threads).toEqual(threads.map(() => left));
        };
        check();
        namespace.drop(21);
        const series = await running.scrape();
        expect(sum(here(series))).toBe(21);
        expect([...functions(series)]).toEqual([expect.stringMatching(/udp/)]);
        namespace.drop(13);
        expect(sum(here(await running.scrape()))).toBe(34);
        check();
        expect(await running.stop()).toMatchObject({ code: 0 });
      },
    );

    // Rows that are no array index are taken out of a map of two, and kept in another; flows likewise.
    const rows = ['dropreason_attr', 'dropreason_attr', 'dropreason_gene', 'dropreason_kept', 'dropreason_of'];
    const more = ['dropreason_resc', 'dropreason_resc', 'dropreason_unli', 'dropreason_unli'];
    const flows = ['dropreason_drai', 'dropreason_flow', 'dropreason_flow'];

    test.each([
      ['basic', [...rows, ...more]],
      ['advanced', [...rows, ...more, ...flows]],
    ])('leaves no map that can be written to but those that reads take rows out of: mode %s', async (mode, expected) => {
      const running = await start({ capabilities: 'drop', mode }, {});
      const { all, writable } = mapsOf(running.process.pid as number);
      expect(writable.map(nameOfMap).sort()).toEqual(expected.toSorted());
      expect(all.length).toBeGreaterThan(expected.length + 10);
      namespace.drop(21);
      expect(sum(here(await running.scrape()))).toBe(21);
    });

    test.each([
      ['closes /proc/kallsyms', { attributes: ['network.namespace.inode'] }, false],
      ['keeps /proc/kallsyms open for code.function.name', {}, true],
      ['keeps /proc/kallsyms open for call chains', { attributes: [], netfilter_detail: 'stack' }, true],
    ])('%s', async (_, receiver, open) => {
      const running = await start({ capabilities: 'drop', ...receiver }, {});
      expect(hasOpen(running.process.pid as number, '/proc/kallsyms')).toBe(open);
    });

    test('refuses a reload that changes the receiver, and goes on counting', async () => {
      const running = await start({ capabilities: 'drop' }, {});
      namespace.drop(4);
      expect(sum(here(await running.scrape()))).toBe(4);
      const receiver = { attributes: ATTRIBUTES, capabilities: 'drop', collection_interval: '2h' };
      running.write(pipeline({ port: running.port, receiver }));
      running.signal('SIGHUP');
      await running.said('the new configuration is invalid, keeping the old one');
      expect(running.output).toContain('this process has dropped its capabilities (capabilities: drop): restart dropreason');
      namespace.drop(6);
      expect(sum(here(await running.scrape()))).toBe(10);
    });

    test('takes a reload that leaves the receiver as it is', async () => {
      const running = await start({ capabilities: 'drop' }, {});
      namespace.drop(4);
      const receiver = { attributes: ATTRIBUTES, capabilities: 'drop' };
      running.write(
        pipeline({ port: running.port, receiver, prometheus: { resource_to_telemetry_conversion: { enabled: true } } }),
      );
      running.signal('SIGHUP');
      await running.said('configuration reloaded');
      namespace.drop(7);
      expect(sum(here(await running.scrape()))).toBe(11);
    });

    describe('with `user`', () => {
      // Another user has to reach what is loaded later.
      const root: AgentOptions = { command: [NOBODY[0] as string, NODE, MAIN] };

      test.each([
        ['nobody', 'basic'],
        ['65534:65534', 'advanced'],
      ])('changes to %s for good in mode %s, and goes on counting exactly', async (user, mode) => {
        const running = await start({ capabilities: 'drop', user, mode }, root);
        const check = () => {
          const { pid } = running.process;
          const ids = identitiesOf(pid);
          const [Uid, Gid] = ['65534 65534 65534 65534', '65534 65534 65534 65534'];
          expect(ids).toEqual(ids.map(() => ({ Uid, Gid, Groups: user === 'nobody' ? '65534' : '' })));
          expect(privilegesOf(pid)).toEqual(privilegesOf(pid).map(() => NO_PRIVILEGES));
        };
        check();
        namespace.drop(21);
        const series = await running.scrape();
        expect(sum(here(series))).toBe(21);
        expect([...functions(series)]).toEqual([expect.stringMatching(/udp/)]);
        namespace.drop(13);
        expect(sum(here(await running.scrape()))).toBe(34);
        check();
        expect(await running.stop()).toMatchObject({ code: 0 });
      });

      test('needs no capability to stay the user that it is', async () => {
        const running = await start({ capabilities: 'drop', user: '65534:65534' }, asNobody([...BPF, 'syslog']));
        namespace.drop(5);
        expect(sum(here(await running.scrape()))).toBe(5);
      });

      test.each([
        ['no-such-user', root, 'user: there is no user no-such-user: give the name of an existing one, or uid:gid'],
        ['12345:12345', asNobody(BPF), 'user: changing to 12345:12345 requires CAP_SETUID and CAP_SETGID: run as root'],
        ['12345:12345', asNobody([...BPF, 'setgid']), 'user: changing to 12345:12345 requires CAP_SETUID: run as root'],
      ])('says in a sentence why it can not change: %s', async (user, as, why) => {
        const output = await endsWith(Agent.spawn({ receiver: { capabilities: 'drop', user } }, as));
        expect(output).toContain(`dropreason: receivers::dropreason: ${why}`);
      });
    });

    test.skipIf(!natCanBeTakenAway())('leaves a hook off whose module comes later', async () => {
      spawnSync('modprobe', ['-qra', ...NAT_MODULES]);
      const running = await start({ capabilities: 'drop', collection_interval: '1s' }, {});
      const off = [{ value: 0, labels: { rung: 'none', why: 'capabilities_dropped' } }];
      expect(hook(await running.scrape(), 'nat')).toMatchObject(off);
      spawnSync('modprobe', ['-qa', 'nf_nat', 'nft_chain_nat']);
      expect(existsSync('/sys/module/nft_chain_nat')).toBe(true);
      await sleep(2_500); // more than two intervals
      expect(hook(await running.scrape(), 'nat')).toMatchObject(off);
    });
  });
});
