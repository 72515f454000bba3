import { existsSync } from 'node:fs';
import type { HookStatus } from '../../src/pdata/batch.ts';
import type { KernelLine } from './kernel_line.ts';

/** The hooks that have more than one rung. */
export const HOOKS = ['nat', 'conntrack', 'connect', 'accept'] as const;
export type Hook = (typeof HOOKS)[number];
export type Rung = 'fexit' | 'kprobe' | 'tracepoint' | 'state' | 'none';
/** The rungs that can be requested. `stack` is the drop tracepoint with the call chain recorded, if the hook has no other tracepoint. */
export type AskedRung = Rung | 'stack';

/** The rung of each hook. */
export type Rungs = Readonly<Record<Hook, Rung>>;
/** The requested rung of each hook. Other hooks use their default. */
export type AskedRungs = Readonly<Partial<Record<Hook, AskedRung>>>;

/** The rungs that a receiver reports. A hook that it doesn't report is on `none`. */
export function rungsOf(statuses: readonly HookStatus[]): Rungs {
  const rung = (hook: Hook) => (statuses.find((status) => status.hook === hook && status.attached)?.rung ?? 'none') as Rung;
  return { nat: rung('nat'), conntrack: rung('conntrack'), connect: rung('connect'), accept: rung('accept') };
}

const ASKABLE: readonly string[] = ['fexit', 'kprobe', 'tracepoint', 'state', 'stack', 'none'] satisfies readonly AskedRung[];
/** The rung on which every kernel counts all failed calls, as input for `parseRungs`. */
export const WHERE_CALLS_RETURN = 'connect=tracepoint,accept=tracepoint';
/** The hooks that need a call chain on the tracepoint. */
const OF_NETFILTER: readonly Hook[] = ['nat', 'conntrack'];

/** Parses `HOOK,…`. Throws a RangeError that lists the valid values. */
export function parseHooks(text: string): Hook[] {
  return text.split(',').map((name) => {
    const hook = HOOKS.find((one) => one === name);
    if (hook === undefined) throw new RangeError(`--hooks takes all, or some of ${HOOKS.join(', ')}, not "${text}"`);
    return hook;
  });
}

/**
 * Parses `default`, one rung for all hooks that have it (for accept, `state` means none), or `HOOK=RUNG,…`. Throws a RangeError that lists
 * the valid values.
 */
export function parseRungs(text: string): AskedRungs {
  if (text === 'default') return {};
  if (text === 'state') return { connect: 'state', accept: 'none' };
  if (ASKABLE.includes(text)) return Object.fromEntries(HOOKS.map((hook) => [hook, text as AskedRung]));
  const asked: Partial<Record<Hook, AskedRung>> = {};
  for (const pair of text.split(',')) {
    const [hook = '', rung = ''] = pair.split('=');
    if (!HOOKS.some((one) => one === hook) || !ASKABLE.includes(rung)) {
      throw new RangeError(`--rungs takes default, ${ASKABLE.join(', ')}, or HOOK=RUNG,… of ${HOOKS.join(', ')}, not "${text}"`);
    }
    asked[hook as Hook] = rung as AskedRung;
  }
  return asked;
}

/** The receiver's configuration for these rungs. */
export function rungsConfig(asked: AskedRungs): Record<string, unknown> {
  const hooks = Object.entries(asked).map(([hook, rung]) => [
    hook,
    rung === 'none' ? { enabled: false } : { attach: [rung === 'stack' ? 'tracepoint' : rung] },
  ]);
  const stack = OF_NETFILTER.some((hook) => asked[hook] === 'stack');
  return { ...(hooks.length > 0 ? { hooks: Object.fromEntries(hooks) } : {}), ...(stack ? { netfilter_detail: 'stack' } : {}) };
}

const WITHOUT_PROBES = { nat: 'none', conntrack: 'none', connect: 'state', accept: 'none' } as const;

/** Without kprobes a kernel has no fentry and fexit either, whatever its BTF contains. */
function hasProbes(): boolean {
  return existsSync('/sys/bus/event_source/devices/kprobe');
}

/**
 * The expected default rung of `hook`, undefined if not known. 5.10 has no BTF of modules (5.11, 36e68442d1af), which fexit needs. And
 * kprobes in every NAT lookup aren't the default.
 */
function defaultRung(hook: Hook, line: KernelLine): Rung | undefined {
  if (line === '6.18') return hasProbes() ? undefined : WITHOUT_PROBES[hook];
  if (line !== '5.10') return 'fexit';
  return ({ nat: 'none', conntrack: 'kprobe', connect: 'fexit', accept: 'fexit' } as const)[hook];
}

/** The expected rung of `hook`; undefined if it is not known for this kernel. */
export function rungDue(hook: Hook, asked: AskedRungs, line: KernelLine): Rung | undefined {
  const rung = asked[hook];
  if (rung === undefined) return defaultRung(hook, line);
  // Before reasons, nftables left the free to nf_hook_slow(), where the call chain no longer shows the NAT chain.
  if (rung === 'stack') return line === '5.10' && OF_NETFILTER.includes(hook) ? 'none' : 'tracepoint';
  // Call chains are recorded for every netfilter drop, so both hooks can then be identified.
  const stack = line !== '5.10' && OF_NETFILTER.some((one) => asked[one] === 'stack');
  return rung === 'tracepoint' && OF_NETFILTER.includes(hook) && !stack ? 'none' : rung;
}

/** Why this kernel can't have the rung, or undefined if it can. */
export function whyNoRung(hook: Hook, rung: Rung, line: KernelLine): string | undefined {
  if ((rung === 'fexit' || rung === 'kprobe') && !hasProbes()) return 'this kernel was built without kprobes, and refuses fexit';
  if (rung === 'fexit' && line === '5.10' && OF_NETFILTER.includes(hook)) return 'BTF of modules is there since 5.11';
  return undefined;
}
