import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { Finding } from '../../component/factory.ts';
import { heldCapabilities, mayLoad } from './attach/capabilities.ts';
import { lockdownLevel } from './attach/lockdown.ts';
import { type DropreasonConfig, recordsChains } from './config.ts';
import { diagnoseHook } from './diagnose_hook.ts';
import { memlock, pinPath } from './diagnose_limits.ts';
import { openSession, type Session } from './session.ts';
import { explainStartError } from './start_error.ts';

const BTF = '/sys/kernel/btf/vmlinux';
/** The first libbpf without the old lax mode. From it on, errors are reported unchanged. */
const LEAST_LIBBPF = '1.0';

/** Checks what the kernel and the user allow: loads and attaches everything briefly, and pins nothing. */
export function diagnose(config: DropreasonConfig): readonly Finding[] {
  const findings: Finding[] = [
    kernel(),
    btf(),
    ...lockdown(),
    capabilities(),
    ...memlock(release()),
    ...(config.pin ? [pinPath(config)] : []),
  ];
  let session: Session;
  try {
    session = openSession({ ...config, pin: false });
  } catch (error) {
    return [...findings, { subject: 'hook kfree_skb', status: 'fail', message: explainStartError(error, config).message }];
  }
  try {
    return [
      ...findings,
      libbpf(session),
      reasons(session, config),
      symbols(session, config),
      ...session.ladder.reports.map(diagnoseHook),
      guard(session),
      memory(session),
    ];
  } finally {
    session.probe.close();
  }
}

function kernel(): Finding {
  return { subject: 'kernel', status: 'ok', message: `Linux ${release()}` };
}

function btf(): Finding {
  if (existsSync(BTF)) return { subject: 'BTF', status: 'ok', message: BTF };
  return { subject: 'BTF', status: 'fail', message: `${BTF} is missing: a kernel with CONFIG_DEBUG_INFO_BTF is required` };
}

/** What the kernel denies even to root. Empty if the level can't be read: a hook that is refused then reports it. */
function lockdown(): Finding[] {
  const level = lockdownLevel();
  if (level === undefined) return [];
  const subject = 'lockdown';
  if (level !== 'confidentiality') return [{ subject, status: 'ok', message: level }];
  const message =
    'confidentiality: programs must not copy kernel memory with a helper, and there are no kprobes. Failed calls cannot be counted, ' +
    'and before Linux 6.2 drops cannot either; lockdown=integrity on the kernel command line allows both';
  return [{ subject, status: 'warn', message }];
}

/** The capabilities of this process, and the rows that missing ones cost. */
function capabilities(): Finding {
  const held = heldCapabilities();
  const subject = 'capabilities';
  if (!mayLoad(held)) {
    const has = held.size === 0 ? 'no relevant capabilities' : [...held].join(', ');
    return { subject, status: 'fail', message: `${has}: run as root, or with CAP_BPF and CAP_PERFMON` };
  }
  if (held.has('CAP_SYS_ADMIN'))
    return { subject, status: 'ok', message: `${[...held].join(', ')}: all rows that the kernel supports` };
  const less = [
    ...(held.has('CAP_SYSLOG')
      ? []
      : ['without CAP_SYSLOG kernel functions have no names (class of UNKNOWN_DROP, reasons before 5.17)']),
    'without CAP_SYS_ADMIN no fexit in modules (nf_nat and nf_conntrack, if they are modules)',
  ];
  return { subject, status: 'ok', message: `${[...held].join(', ')}: all rows, except: ${less.join('; ')}` };
}

function libbpf({ facts }: Session): Finding {
  const enough = Number.parseInt(facts.libbpf, 10) >= Number.parseInt(LEAST_LIBBPF, 10);
  const message = `libbpf ${facts.libbpf}; ${LEAST_LIBBPF} or later is required`;
  return { subject: 'libbpf', status: enough ? 'ok' : 'fail', message };
}

function reasons({ reasons: { known }, byFunction, facts }: Session, { drop_reasons: whose }: DropreasonConfig): Finding {
  const subject = 'drop reasons';
  if (known > 0) return { subject, status: 'ok', message: `this kernel has ${known}` };
  const instead = byFunction ? 'using the function that freed the packet' : 'and symbols are hidden: all drops are UNKNOWN_DROP';
  if (facts.reasons.length > 0) return { subject, status: 'ok', message: `drop_reasons: ${whose}, ${instead}` };
  return { subject, status: 'warn', message: `this kernel has none (before 5.17): ${instead}` };
}

function symbols({ named }: Session, config: DropreasonConfig): Finding {
  const subject = 'kernel symbols';
  if (named) return { subject, status: 'ok', message: '/proc/kallsyms shows addresses' };
  const without = [
    'no class for UNKNOWN_DROP',
    ...(config.attributes.includes('code.function.name') ? ['no code.function.name'] : []),
    ...(recordsChains(config) ? ['no call chains (netfilter_detail, netfilter.hook)'] : []),
  ];
  const message = `hidden: requires CAP_SYSLOG, and kernel.kptr_restrict below 2; otherwise ${without.join(', ')}`;
  return { subject, status: 'warn', message };
}

function guard({ facts }: Session): Finding {
  const message = facts.guarded
    ? 'the kernel skips a program that interrupts itself; drops that the hook nested does not recover are counted in the slot nested'
    : 'none before Linux 6.1: adds are atomic, and no drop is skipped';
  return { subject: 'recursion guard', status: 'ok', message };
}

function memory({ probe }: Session): Finding {
  const bytes = probe.maps().reduce((sum, map) => sum + map.bytes, 0);
  const message = `${Math.ceil(bytes / 1024)} KiB for ${probe.cpus} possible CPUs`;
  return { subject: 'map memory', status: 'ok', message };
}
