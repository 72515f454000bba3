import { z } from 'zod';
import { duration } from '../../component/schema.ts';

/** Opt-in attributes. Each multiplies the number of series. */
export const ATTRIBUTES = [
  'network.type',
  'network.transport',
  'network.interface.name',
  'network.namespace.inode',
  'code.function.name',
  'netfilter.hook',
] as const;

export type OptInAttribute = (typeof ATTRIBUTES)[number];

/**
 * The ways to attach a hook, best first: the cheapest of those that count the most. `state` uses only the state change of sockets. It
 * costs other calls nothing and misses failures that the call itself returns.
 */
export const RUNGS = ['fexit', 'kprobe', 'tracepoint', 'state'] as const;

export type Rung = (typeof RUNGS)[number];

/** `user` or `user:group`. */
const USER = /^[^\s:]+(:[^\s:]+)?$/;
const NO_USER = 'must be a user or user:group, each a name or a number, such as "nobody" or "65534:65534"';

const OF_FUNCTIONS = ['fexit', 'kprobe', 'tracepoint'] as const satisfies readonly Rung[];

/** The keys of a hook. `rungs` are the supported rungs, `tried` the default. */
function hook(
  description: string,
  { rungs = OF_FUNCTIONS, tried = rungs }: { rungs?: readonly Rung[]; tried?: readonly Rung[] } = {},
) {
  return z
    .strictObject({
      enabled: z.boolean().default(true).describe('Attaches the hook.'),
      attach: z
        .array(z.enum(rungs))
        .min(1, { error: 'must have at least one rung; to disable the hook, write "enabled: false"' })
        .default([...tried])
        .describe('Allowed rungs. They are always tried in the order fexit, kprobe, tracepoint, state, whatever the order here.'),
    })
    .prefault({})
    .describe(description);
}

const CALLS =
  'kprobe misses failures if as many calls block as there are CPUs. tracepoint slows every system call of the node, so it is tried only if listed.';

const keys = z.strictObject({
  collection_interval: duration({ least: '1s', fallback: '10s' }).describe(
    'The longest time between two reads, and how often exporters push. A scrape always causes a read.',
  ),
  mode: z
    .enum(['basic', 'advanced'])
    .default('basic')
    .describe('basic: drops of the node. advanced: also by flow, for processors such as flow_attributes and k8s_attributes.'),
  flows: z
    .strictObject({
      max_entries: z
        .int()
        .min(1)
        .max(262_144)
        .default(32_768)
        .describe('The most flows between two reads, 300 bytes of kernel memory each. Further drops are counted as overflow.'),
      ports: z.boolean().default(false).describe('Distinguishes flows by destination ports below 32768.'),
    })
    .prefault({})
    .describe('Counting by flow in advanced mode: addresses, protocol, interface and network namespace.'),
  attributes: z
    .array(z.enum(ATTRIBUTES))
    .default([])
    .describe('Attributes in addition to reason, direction and class. Each multiplies the number of series.'),
  attributes_max_entries: z
    .int()
    .min(1)
    .max(65_536)
    .default(4096)
    .describe(
      'The most rows with opt-in attributes. Beyond it, rows without a drop for the longest time end first. Until the next read, new rows are counted without their attributes.',
    ),
  attributes_expiration: duration({ fallback: '5m' }).describe(
    'How long a series with opt-in attributes is kept after its last drop. A later drop starts a new series. 0: until there is no room.',
  ),
  drop_reasons: z
    .enum(['kernel', 'function'])
    .default('kernel')
    .describe(
      'kernel: reasons from the kernel (Linux 5.17 or later). function: reasons from the function that freed the packet, as on older kernels.',
    ),
  netfilter_detail: z
    .enum(['none', 'stack'])
    .default('none')
    .describe(
      'stack: records the call chain of netfilter drops, which distinguishes NAT and conntrack. Costs some microseconds per drop.',
    ),
  hooks: z
    .strictObject({
      kfree_skb: hook('Dropped packets, at the point where the kernel frees them.', { rungs: ['tracepoint'] }),
      nested: hook('Drops in a softirq that interrupts the counting of another drop.', { rungs: ['tracepoint'] }),
      nat: hook('Packets dropped by NAT. kprobe would run for every packet that passes NAT.', { tried: ['fexit', 'tracepoint'] }),
      conntrack: hook('Packets whose connection conntrack could not add.'),
      connect: hook(
        `Failed TCP connects. ${CALLS} state misses most failures that the call itself returns, such as those without a route.`,
        { rungs: RUNGS, tried: ['fexit', 'kprobe', 'state'] },
      ),
      accept: hook(`Failed TCP accepts. ${CALLS}`, { tried: ['fexit', 'kprobe'] }),
    })
    .prefault({}),
  pin: z
    .boolean()
    .default(false)
    .describe('Keeps maps and programs in the kernel while no agent runs, so that counting continues across restarts.'),
  pin_path: z
    .string()
    .regex(/^\/.*[^/]$/, {
      error: ({ input }) => `must be an absolute path in a BPF file system, got ${JSON.stringify(input)}`,
    })
    .default('/sys/fs/bpf/dropreason')
    .describe('Directory for the pins, in a BPF file system. Each receiver needs its own.'),
  capabilities: z
    .enum(['keep', 'drop'])
    .default('keep')
    .describe('drop: after attaching, the process drops all capabilities permanently. Nothing can be attached later.'),
  user: z
    .union([z.string().regex(USER, NO_USER), z.int().min(0, NO_USER)], NO_USER)
    .transform(String)
    .optional()
    .describe(
      'With `capabilities: drop`: the user to change to after attaching, as user or user:group, each a name or a number.',
    ),
});

export const configSchema = keys.refine(({ capabilities, user }) => user === undefined || capabilities === 'drop', {
  path: ['user'],
  error: 'requires "capabilities: drop", because another user has no capabilities',
});

export type DropreasonConfig = z.output<typeof configSchema>;

export type HookId = keyof DropreasonConfig['hooks'];

/** Whether any kernel function may need a name, not only those that determine a reason or a class. */
export function namesEveryFunction(config: DropreasonConfig): boolean {
  return config.attributes.includes('code.function.name') || recordsChains(config);
}

/** Whether call chains of netfilter drops are recorded. They show NAT, conntrack and the hook. */
export function recordsChains({ netfilter_detail, attributes }: DropreasonConfig): boolean {
  return netfilter_detail === 'stack' || attributes.includes('netfilter.hook');
}
