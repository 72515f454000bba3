import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Finding } from '../../component/factory.ts';
import type { HookStatus } from '../../pdata/batch.ts';
import type { DropreasonConfig } from './config.ts';
import { native } from './probe.ts';
import { openSession, type Session } from './session.ts';
import { explainStartError } from './start_error.ts';

const BTF = '/sys/kernel/btf/vmlinux';
/** The first release without the old, lax ways of libbpf, on which errors are told as they are. */
const LEAST_LIBBPF = '1.0';

/** Numbers of include/uapi/linux/capability.h. */
const CAPABILITIES = { CAP_SYS_ADMIN: 21, CAP_SYSLOG: 34, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** What the kernel and the user allow: everything is loaded and attached for a moment. */
export function diagnose(config: DropreasonConfig): readonly Finding[] {
  const findings: Finding[] = [kernel(), btf(), capabilities()];
  let session: Session;
  try {
    session = openSession(config);
  } catch (error) {
    return [...findings, { subject: 'hook kfree_skb', status: 'fail', message: explainStartError(error).message }];
  }
  try {
    return [
      ...findings,
      libbpf(session),
      reasons(session),
      symbols(),
      ...session.hooks.map(hook),
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
  return { subject: 'BTF', status: 'fail', message: `${BTF} is missing: a kernel built with CONFIG_DEBUG_INFO_BTF is needed` };
}

/** Those that matter here, in effect for this process; capabilities(7). */
function capabilities(): Finding {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const held = Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((mask >> BigInt(bit)) & 1n ? [name] : []));
  const enough = held.includes('CAP_SYS_ADMIN') || (held.includes('CAP_BPF') && held.includes('CAP_PERFMON'));
  const has = held.length === 0 ? 'none of those that matter' : held.join(', ');
  return enough
    ? { subject: 'capabilities', status: 'ok', message: has }
    : { subject: 'capabilities', status: 'fail', message: `${has}: run as root, or with CAP_BPF and CAP_PERFMON` };
}

function libbpf({ facts }: Session): Finding {
  const enough = Number.parseInt(facts.libbpf, 10) >= Number.parseInt(LEAST_LIBBPF, 10);
  const message = `libbpf ${facts.libbpf}; ${LEAST_LIBBPF} or later is needed`;
  return { subject: 'libbpf', status: enough ? 'ok' : 'fail', message };
}

function reasons({ reasons: { known }, byFunction }: Session): Finding {
  if (known > 0) return { subject: 'drop reasons', status: 'ok', message: `this kernel knows ${known}` };
  const instead = byFunction ? 'told by the function that freed the packet' : 'and symbols are hidden: all is UNKNOWN_DROP';
  return { subject: 'drop reasons', status: 'warn', message: `this kernel gives none (it is before 5.17): ${instead}` };
}

function symbols(): Finding {
  const readable = native().symbolRanges(['kfree_skb_reason', 'kfree_skb', 'sk_skb_reason_drop']);
  return Object.keys(readable).length > 0
    ? { subject: 'kernel symbols', status: 'ok', message: '/proc/kallsyms shows addresses' }
    : { subject: 'kernel symbols', status: 'warn', message: 'hidden: CAP_SYSLOG is needed, and kernel.kptr_restrict below 2' };
}

/** Packets have to be counted; the other hooks add to it. What no kernel lets be attached here is told, and no warning. */
function hook({ hook: id, attached, rung, why }: HookStatus): Finding {
  if (attached) return { subject: `hook ${id}`, status: 'ok', message: `attached by ${rung}` };
  return { subject: `hook ${id}`, status: id === 'kfree_skb' ? 'fail' : 'warn', message: `not attached: ${why}` };
}

function guard({ facts }: Session): Finding {
  const message = facts.guarded
    ? 'the kernel skips a program that interrupts itself, and counts it in the slot nested'
    : 'none before Linux 6.1: adds are atomic, and nothing is skipped';
  return { subject: 'recursion guard', status: 'ok', message };
}

function memory({ probe }: Session): Finding {
  const bytes = probe.maps().reduce((sum, map) => sum + map.bytes, 0);
  const message = `${Math.ceil(bytes / 1024)} KiB for ${probe.cpus} possible CPUs`;
  return { subject: 'map memory', status: 'ok', message };
}
