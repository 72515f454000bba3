import { writeFileSync } from 'node:fs';
import { command } from './command.ts';
import { kernelLine } from './kernel_line.ts';
import type { Meter } from './meter.ts';
import type { Result } from './report.ts';
import { type AskedRungs, HOOKS, type Hook, type Rung, rungDue, rungsOf, whyNoRung } from './rungs.ts';

const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';
/** The kernel truncates program names to this length. */
const NAME_LENGTH = 15;

const STATES = ['inet_sock_set_state'];
/** The programs that count or add notes, on each rung. Other rungs have no separate programs. */
const PROGRAMS: Readonly<Record<Hook, Partial<Record<Rung, readonly string[]>>>> = {
  nat: {
    fexit: ['nat_chain_fentry', 'nat_chain_fexit', 'nat_fexit'],
    kprobe: ['nat_chain_kprobe', 'nat_chain_kretprobe', 'nat_kprobe', 'nat_kretprobe'],
  },
  conntrack: { fexit: ['confirm_fexit'], kprobe: ['confirm_kprobe', 'confirm_kretprobe'] },
  connect: {
    fexit: ['connect_fexit', ...STATES],
    kprobe: ['connect_kretprobe', ...STATES],
    tracepoint: ['sys_exit', ...STATES],
    state: STATES,
  },
  accept: { fexit: ['accept_fexit', 'accept4_fexit'], kprobe: ['accept_kretprobe'], tracepoint: ['sys_exit'] },
};

/** The rung of each hook, and whether it is the expected one. */
export function checkRungs(meter: Meter, asked: AskedRungs): Result[] {
  const line = kernelLine();
  const standing = rungsOf(meter.hooks());
  return HOOKS.map((hook) => {
    const [rung, due] = [standing[hook], rungDue(hook, asked, line)];
    const result = { scenario: `rung of ${hook}`, family: '', reason: rung, ok: true, message: '' };
    if (due === undefined || due === rung) return result;
    const why = whyNoRung(hook, due, line);
    if (why !== undefined) return { ...result, skipped: true, message: why };
    const said = meter.hooks().find((status) => status.hook === hook)?.detail;
    return { ...result, ok: false, message: `not ${due}: ${said || 'no reason given'}` };
  });
}

/** Turns the kernel's statistics of program runs on or off. They slow down every run, so they are off during floods. */
export function countRuns(enabled: boolean): void {
  writeFileSync(STATISTICS, enabled ? '1' : '0');
}

/** Whether the programs of these hooks, on their current rungs, have run at all, by the kernel's own statistics. */
export async function checkRuns(meter: Meter, hooks: readonly Hook[]): Promise<Result[]> {
  const programs = JSON.parse(await command('bpftool', ['-j', 'prog', 'show'])) as { name?: string; run_cnt?: number }[];
  const standing = rungsOf(meter.hooks());
  return hooks.flatMap((hook) =>
    (PROGRAMS[hook][standing[hook]] ?? []).map((program) => {
      const name = program.slice(0, NAME_LENGTH); // bpftool completes it if it can
      const ran = programs.some((one) => one.name?.slice(0, NAME_LENGTH) === name && (one.run_cnt ?? 0) > 0);
      return { scenario: `program of ${hook}: ${program}`, family: '', ok: ran, message: ran ? '' : 'it has never run' };
    }),
  );
}
