import { describe, expect, test } from 'vitest';
import { HOOK_WHY } from '../../../../../src/pdata/hook_why.ts';
import { hookTable } from '../../../../../src/receivers/dropreason/attach/hooks.ts';
import { Ladder } from '../../../../../src/receivers/dropreason/attach/ladder.ts';
import { configSchema } from '../../../../../src/receivers/dropreason/config.ts';
import { FakeProbe, LAYOUT, nativeError } from '../../../../support/layout.ts';

const NAT_MODULES = ['nft_chain_nat', 'nf_nat'];
const ON_TRACEPOINT = { connect: { attach: ['tracepoint'] }, accept: { attach: ['tracepoint'] } };

interface Setting {
  /** Programs, or parts of their names, with the errno that the kernel answers, and after a colon libbpf's words. */
  readonly refuse?: Readonly<Record<string, string>>;
  readonly hooks?: object;
  readonly recorded?: boolean;
  readonly guarded?: boolean;
  readonly hasKprobes?: boolean;
  readonly isConfidential?: boolean;
  readonly modules?: string[];
  readonly attached?: readonly string[];
}

function make({
  refuse = {},
  hooks = {},
  recorded = false,
  guarded = true,
  hasKprobes = true,
  isConfidential = false,
  modules = [...NAT_MODULES, 'nf_conntrack'],
  attached = [],
}: Setting = {}) {
  const probe = new FakeProbe(1, 64);
  const answers: Record<string, string> = { ...refuse };
  probe.refuse = ({ program }) => {
    const errno = Object.entries(answers).find(([part]) => program.includes(part))?.[1];
    const [name = '', details = ''] = errno?.split(': ') ?? [];
    return errno === undefined ? undefined : nativeError(name, { details });
  };
  probe.attached = attached.map((each) => {
    const [program = '', target = ''] = each.split('@');
    return { program, target };
  });
  const present = new Set(modules);
  const climb = () =>
    new Ladder({
      probe,
      hooks: hookTable({ reasons: [], guarded, casts: true, libbpf: '1.1' }, LAYOUT),
      switches: configSchema.parse({ hooks }).hooks,
      chains: { recorded, hint: recorded ? '' : 'stacks would tell' },
      guarded,
      kernel: { hasModule: (name) => present.has(name), hasKprobes, isConfidential },
    });
  return { probe, present, answers, climb };
}

function standing(ladder: Ladder, id: string) {
  return ladder.hooks.find(({ hook }) => hook === id) as Ladder['hooks'][number];
}

const rungs = (ladder: Ladder) => Object.fromEntries(ladder.hooks.map(({ hook, rung }) => [hook, rung]));
const groupsOf = (probe: FakeProbe, program: string) =>
  probe.tried.filter(({ group }) => group.some((each) => each.split('@')[0] === program));

describe('the ladder', () => {
  test('stands on the highest rung of each hook where the kernel lets it', () => {
    const { probe, climb } = make();
    const ladder = climb();
    const fexit = { nat: 'fexit', conntrack: 'fexit', connect: 'fexit', accept: 'fexit' };
    expect(rungs(ladder)).toEqual({ kfree_skb: 'tracepoint', nested: 'tracepoint', ...fexit });
    expect(ladder.hooks.every(({ attached, why }) => attached && why === '')).toBe(true);
    expect(ladder.reports.every(({ notable }) => !notable)).toBe(true);
    expect(probe.tried[0]?.group).toEqual(['kfree_skb', 'nested']);
    expect(probe.tried.map(({ group }) => group)).toContainEqual([
      'connect_fentry@__x64_sys_connect',
      'connect_fexit@__x64_sys_connect',
      'connect_fexit_again@__x64_sys_connect',
      'inet_sock_set_state',
      'inet_sock_set_state_again',
    ]);
  });

  test('steps down where one is refused, and says why; nothing stops the others', () => {
    const { climb } = make({ refuse: { fexit: 'EINVAL', fentry: 'EINVAL', confirm_kprobe: 'EBUSY' } });
    const ladder = climb();
    expect(rungs(ladder)).toMatchObject({ nat: 'none', conntrack: 'none', connect: 'kprobe', accept: 'kprobe' });
    expect(standing(ladder, 'connect').why).toBe('einval');
    expect(standing(ladder, 'connect').detail).toMatch(/^failures are missed if .*; fexit: can't: EINVAL \(EINVAL\)$/);
    expect(standing(ladder, 'conntrack').why).toBe('einval');
    expect(standing(ladder, 'conntrack').detail).toMatch(
      /^counted as IPTABLE_RULE_DROP: fexit: .*; kprobe: .*EBUSY.*stacks would tell$/,
    );
  });

  test('runs nothing by kprobe for packets that pass NAT, unless told to', () => {
    const refuse = { nat_chain_fentry: 'EINVAL', nat_fexit: 'EINVAL' };
    const byDefault = make({ refuse });
    expect(standing(byDefault.climb(), 'nat').detail).toContain('kprobe: not in hooks::nat::attach');
    expect(groupsOf(byDefault.probe, 'nat_kprobe')).toEqual([]);
    const told = make({ refuse, hooks: { nat: { attach: ['kprobe', 'fexit'] } } });
    expect(standing(told.climb(), 'nat').rung).toBe('kprobe');
  });

  test.each(['unknown func bpf_probe_read#4', 'program of this type cannot use helper bpf_probe_read_kernel#113'])(
    'names a lockdown as what refuses a program that reads: %s',
    (words) => {
      const refusal = `EINVAL: ${words}`;
      const refuse = { probe: 'EPERM', connect: refusal, accept: refusal, sys_exit: refusal, nat_: 'EPERM' };
      const attach = ['fexit', 'kprobe', 'tracepoint'];
      const hooks = { nat: { attach }, connect: { attach }, accept: { attach } };
      const { climb } = make({ refuse, hooks, isConfidential: true });
      const ladder = climb();
      expect(rungs(ladder)).toMatchObject({ kfree_skb: 'tracepoint', conntrack: 'fexit', connect: 'none', accept: 'none' });
      expect(standing(ladder, 'connect')).toMatchObject({
        why: 'lockdown',
        detail: expect.stringMatching(/kprobes under lockdown/),
      });
      expect(standing(ladder, 'accept').why).toBe('lockdown');
      expect(standing(ladder, 'nat')).toMatchObject({ detail: expect.stringMatching(/kprobes under lockdown/) });
    },
  );

  test('pays once for a kind of program that the kernel refuses', () => {
    const { probe, climb } = make({ refuse: { fexit: 'EPERM', fentry: 'EPERM' } });
    expect(rungs(climb())).toMatchObject({ connect: 'kprobe', accept: 'kprobe', conntrack: 'kprobe' });
    expect(probe.tried.filter(({ group }) => group.some((each) => /fexit|fentry/.test(each)))).toHaveLength(1);
  });

  test('has codes that are short and are listed, whatever happens', () => {
    const settings: Setting[] = [
      {},
      { refuse: { fexit: 'EPERM', fentry: 'EPERM' }, hasKprobes: false },
      { refuse: { nat: 'ESRCH', confirm: 'ENOENT' }, modules: [] },
      { refuse: { fexit: 'ENOENT', fentry: 'ENOENT', kprobe: 'ENOENT' } },
      { hooks: { nat: { attach: ['tracepoint'] }, accept: { enabled: false } }, guarded: false },
      { hooks: ON_TRACEPOINT },
    ];
    const codes = settings.flatMap((setting) =>
      make(setting)
        .climb()
        .hooks.map(({ why }) => why),
    );
    expect([...new Set(codes)].sort()).toEqual([
      '',
      'disabled',
      'eperm',
      'misses_calls',
      'no_function',
      'no_module',
      'no_module_types',
      'not_in_list',
      'nothing_to_do',
      'slows_calls',
    ]);
    expect(codes.filter((code) => code !== '' && !Object.hasOwn(HOOK_WHY, code))).toEqual([]);
  });

  test('tries no kprobe on a kernel without them', () => {
    const { probe, climb } = make({ refuse: { fexit: 'EPERM', fentry: 'EPERM' }, hasKprobes: false });
    expect(rungs(climb())).toMatchObject({ conntrack: 'none', connect: 'state', accept: 'none' });
    expect(probe.tried.filter(({ group }) => group.some((each) => each.includes('probe')))).toEqual([]);
  });

  test('a lower rung that was asked for is no news, a lower one than that is', () => {
    const hooks = { connect: { attach: ['kprobe', 'state'] } };
    const notable = (setting: Setting) =>
      make(setting)
        .climb()
        .reports.find(({ status }) => status.hook === 'connect')?.notable;
    expect(notable({ hooks })).toBe(false);
    expect(notable({ hooks, refuse: { kretprobe: 'EINVAL' } })).toBe(true);
  });
});

describe('packets', () => {
  test('that cannot be counted keep it from starting', () => {
    expect(() => make({ refuse: { kfree_skb: 'EPERM' } }).climb()).toThrow('EPERM');
  });

  test('are counted where what rescues the skipped ones is refused', () => {
    const ladder = make({ refuse: { nested: 'EINVAL' } }).climb();
    expect(standing(ladder, 'kfree_skb').attached).toBe(true);
    expect(standing(ladder, 'nested')).toMatchObject({
      attached: false,
      rung: 'none',
      why: 'einval',
      detail: "can't: EINVAL (EINVAL)",
    });
  });

  test('are not skipped on a kernel without a guard: nothing is to be rescued, and nothing to be said', () => {
    const { probe, climb } = make({ guarded: false });
    const ladder = climb();
    expect(standing(ladder, 'nested')).toMatchObject({ attached: false, why: 'nothing_to_do' });
    expect(ladder.reports.some(({ notable }) => notable)).toBe(false);
    expect(probe.attached.map(({ program }) => program)).not.toContain('inet_sock_set_state_again');
    expect(probe.tried[0]?.group).toEqual(['kfree_skb']);
  });
});

test('a hook that is turned off is not tried', () => {
  const off = { enabled: false };
  const { probe, climb } = make({ hooks: { kfree_skb: off, nested: off, nat: off, conntrack: off, connect: off, accept: off } });
  const ladder = climb();
  expect(probe.tried).toEqual([]);
  expect(ladder.hooks.every(({ why }) => why === 'disabled')).toBe(true);
  expect(ladder.hooks.map(({ detail }) => detail)).toEqual(
    ['kfree_skb', 'nested', 'nat', 'conntrack', 'connect', 'accept'].map((hook) => `disabled by hooks::${hook}::enabled`),
  );
});

describe('without functions to attach to', () => {
  const setting = { refuse: { fexit: 'EPERM', fentry: 'EPERM' }, hasKprobes: false };

  test('no other call pays: connects are counted by the state of their sockets alone, and the missing rows are named', () => {
    const { probe, climb } = make(setting);
    const ladder = climb();
    expect(rungs(ladder)).toMatchObject({ connect: 'state', accept: 'none' });
    expect(groupsOf(probe, 'sys_exit')).toEqual([]);
    expect(groupsOf(probe, 'inet_sock_set_state').at(-1)?.group).toEqual(['inet_sock_set_state', 'inet_sock_set_state_again']);
    expect(standing(ladder, 'connect')).toMatchObject({ attached: true, why: 'misses_calls' });
    expect(standing(ladder, 'connect').detail).toMatch(/^TCP_CONNECT_BASIC misses connects that fail at once.*tracepoint/);
    expect(standing(ladder, 'accept')).toMatchObject({ attached: false, why: 'misses_calls' });
    expect(standing(ladder, 'accept').detail).toMatch(/^TCP_ACCEPT_BASIC is not counted; .*hooks::accept::attach\); fexit: /);
    const notable = ladder.reports.filter((report) => report.notable).map(({ status }) => status.hook);
    expect(notable).toEqual(expect.arrayContaining(['connect', 'accept']));
  });

  test('every call pays where that is asked for, and the price is named', () => {
    const ladder = make({ ...setting, hooks: ON_TRACEPOINT }).climb();
    for (const hook of ['connect', 'accept']) {
      expect(standing(ladder, hook)).toMatchObject({ attached: true, rung: 'tracepoint', why: 'slows_calls' });
      expect(standing(ladder, hook).detail).toMatch(/^every system call of the node takes some tens of nanoseconds longer/);
      expect(ladder.reports.find(({ status }) => status.hook === hook)?.notable).toBe(true);
    }
  });

  test('connects go one rung lower where the program at the return is refused', () => {
    const attach = ['tracepoint', 'state'];
    const refuse = { ...setting.refuse, sys_exit: 'EINVAL' };
    const { probe, climb } = make({ ...setting, refuse, hooks: { connect: { attach }, accept: { attach: ['tracepoint'] } } });
    const ladder = climb();
    expect(rungs(ladder)).toMatchObject({ connect: 'state', accept: 'none' });
    expect(standing(ladder, 'accept').why).toBe('einval');
    expect(standing(ladder, 'connect').detail).toContain("tracepoint: can't: EINVAL (EINVAL)");
    expect(probe.attached.map(({ program }) => program)).not.toContain('sys_exit');
  });
});

describe("the program at the system calls' return", () => {
  const refuse = { fexit: 'EPERM', fentry: 'EPERM' };
  const hasKprobes = false;
  const attach = ['fexit', 'tracepoint'];
  const hooks = { connect: { attach }, accept: { attach } };

  test('is attached once, for both', () => {
    const { probe, climb } = make({ refuse, hasKprobes, hooks });
    climb();
    expect(groupsOf(probe, 'sys_exit')).toEqual([
      { group: ['sys_exit', 'inet_sock_set_state', 'inet_sock_set_state_again'], calls: { connect: true, accept: true } },
    ]);
  });

  test('counts one where the other stands higher, or is off', () => {
    const one = make({ refuse: { connect_fexit: 'EINVAL' }, hooks });
    expect(rungs(one.climb())).toMatchObject({ connect: 'tracepoint', accept: 'fexit' });
    expect(groupsOf(one.probe, 'sys_exit').map(({ calls }) => calls)).toEqual([{ connect: true, accept: false }]);
    const other = make({ refuse, hasKprobes, hooks: { ...hooks, connect: { enabled: false } } });
    other.climb();
    expect(groupsOf(other.probe, 'sys_exit')).toEqual([{ group: ['sys_exit'], calls: { connect: false, accept: true } }]);
  });

  test('counts accepts where the state change, which connects need too, is refused', () => {
    const { probe, climb } = make({ refuse: { ...refuse, inet_sock: 'EINVAL' }, hasKprobes, hooks });
    const ladder = climb();
    expect(rungs(ladder)).toMatchObject({ connect: 'none', accept: 'tracepoint' });
    expect(groupsOf(probe, 'sys_exit').at(-1)?.calls).toEqual({ connect: false, accept: true });
    expect(standing(ladder, 'connect').detail.match(/tracepoint:/g)).toHaveLength(1);
    expect(standing(ladder, 'accept').detail).not.toContain('tracepoint:');
  });
});

describe('functions of modules', () => {
  const absent = { nat: 'ESRCH', confirm: 'ENOENT' };

  test('are waited for where the module is not there', () => {
    const { climb } = make({ refuse: absent, modules: [] });
    const ladder = climb();
    expect(standing(ladder, 'nat')).toMatchObject({ attached: false, rung: 'none', why: 'no_module' });
    expect(standing(ladder, 'nat').detail).toBe(
      'waits for the modules nft_chain_nat and nf_nat: until then no packet can be dropped there',
    );
    expect(standing(ladder, 'conntrack').detail).toMatch(/^waits for the module nf_conntrack/);
    expect(ladder.reports.some(({ notable }) => notable)).toBe(false);
  });

  test('are attached when it has come, each on its own', () => {
    const { probe, present, answers, climb } = make({ refuse: absent, modules: [] });
    const ladder = climb();
    const tries = probe.tried.length;
    expect(ladder.retry()).toEqual([]);
    expect(probe.tried).toHaveLength(tries);
    present.add('nf_nat');
    delete answers.nat;
    answers.nat_chain = 'ESRCH';
    expect(ladder.retry().map(({ status }) => status)).toEqual([
      {
        hook: 'nat',
        attached: true,
        rung: 'fexit',
        why: 'no_module',
        detail: 'nft_nat_do_chain waits for the module nft_chain_nat: until then no packet can be dropped there',
      },
    ]);
    expect(ladder.retry()).toEqual([]);
  });

  test('that cannot be seen in the types of a module that is there, send it to the next rung', () => {
    const { climb } = make({ refuse: { confirm_fexit: 'ESRCH', nat: 'ESRCH' } });
    const ladder = climb();
    expect(standing(ladder, 'conntrack')).toMatchObject({ rung: 'kprobe', attached: true, why: 'no_module_types' });
    expect(standing(ladder, 'conntrack').detail).toContain("the types of the module nf_conntrack can't be read (ESRCH)");
    expect(standing(ladder, 'nat')).toMatchObject({ rung: 'none', attached: false });
  });

  test('whose types this user may not read say nothing of the functions of the kernel itself', () => {
    const { climb } = make({ refuse: { confirm_fexit: 'EPERM', nat: 'EPERM' } });
    const ladder = climb();
    expect(rungs(ladder)).toMatchObject({ nat: 'none', conntrack: 'kprobe', connect: 'fexit', accept: 'fexit' });
    expect(standing(ladder, 'conntrack').detail).toContain(
      "the types of the module nf_conntrack can't be read (EPERM), which requires CAP_SYS_ADMIN",
    );
    const later = make({ refuse: { confirm_fexit: 'EPERM', nat: 'EPERM' }, modules: [] }).climb();
    expect(standing(later, 'conntrack').detail).toMatch(/^waits for the module nf_conntrack/);
  });

  test('that were refused are not tried again until the module has gone and come back', () => {
    const { probe, present, answers, climb } = make({ refuse: { confirm: 'EINVAL' } });
    const ladder = climb();
    expect(standing(ladder, 'conntrack').rung).toBe('none');
    const tries = probe.tried.length;
    ladder.retry();
    expect(probe.tried).toHaveLength(tries);
    present.delete('nf_conntrack');
    ladder.retry();
    delete answers.confirm;
    expect(probe.tried).toHaveLength(tries);
    present.add('nf_conntrack');
    ladder.retry();
    expect(standing(ladder, 'conntrack').rung).toBe('fexit');
  });

  test('that are built in and were refused are not taken for absent', () => {
    const { probe, climb } = make({ refuse: { confirm: 'EINVAL' }, modules: [] });
    const ladder = climb();
    const [before, tries] = [standing(ladder, 'conntrack'), probe.tried.length];
    ladder.retry();
    expect(standing(ladder, 'conntrack')).toEqual(before);
    expect(probe.tried).toHaveLength(tries);
  });

  test('are not attached once the capabilities are gone', () => {
    const { probe, present, climb } = make({ refuse: absent, modules: [] });
    const ladder = climb();
    ladder.freeze();
    present.add('nf_conntrack');
    const tries = probe.tried.length;
    expect(ladder.retry()).toEqual([]);
    expect(probe.tried).toHaveLength(tries);
    expect(standing(ladder, 'nat')).toMatchObject({ attached: false, rung: 'none', why: 'capabilities_dropped' });
  });
});

describe('call chains', () => {
  const refuse = { fexit: 'EPERM', fentry: 'EPERM' };

  test('are the rung of NAT and conntrack where nothing else can be had', () => {
    const ladder = make({ refuse, hasKprobes: false, recorded: true }).climb();
    expect(standing(ladder, 'nat')).toMatchObject({ attached: true, rung: 'tracepoint' });
    expect(standing(ladder, 'conntrack')).toMatchObject({ attached: true, rung: 'tracepoint' });
    expect(standing(ladder, 'nat').why).toBe('eperm');
    expect(standing(ladder, 'nat').detail).not.toContain('counted as');
  });

  test('do not tell where that rung is not allowed', () => {
    const hooks = { nat: { attach: ['fexit'] } };
    expect(standing(make({ refuse, hasKprobes: false, recorded: true, hooks }).climb(), 'nat').rung).toBe('none');
  });

  test('are not needed where a hook is attached', () => {
    expect(standing(make({ recorded: true }).climb(), 'nat').rung).toBe('fexit');
  });
});

test('what was taken over stays as it was pinned, and what was not attached is tried again', () => {
  const { probe, climb } = make({
    hooks: { connect: { attach: ['fexit', 'kprobe'] } },
    attached: ['kfree_skb', 'nested', 'connect_kretprobe@__x64_sys_connect', 'inet_sock_set_state', 'inet_sock_set_state_again'],
  });
  const ladder = climb();
  expect(standing(ladder, 'connect')).toEqual({
    hook: 'connect',
    attached: true,
    rung: 'kprobe',
    why: 'pinned',
    detail: expect.stringMatching(/^failures are missed if .*; taken over as pinned$/),
  });
  expect(groupsOf(probe, 'connect_fexit')).toEqual([]);
  expect(rungs(ladder)).toMatchObject({ nat: 'fexit', conntrack: 'fexit', accept: 'fexit' });
});
