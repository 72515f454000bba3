import { z } from 'zod';
import { duration } from '../../component/schema.ts';

/** Opt-in attributes; each multiplies the number of series. */
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
 * The ways to attach a hook, the highest first: the cheapest of those that count the most. `state` is the state change of sockets
 * alone, which costs other calls nothing and misses failures that the call itself returns.
 */
export const RUNGS = ['fexit', 'kprobe', 'tracepoint', 'state'] as const;

export type Rung = (typeof RUNGS)[number];

/** `user` or `user:group`. */
const USER = /^[^\s:]+(:[^\s:]+)?$/;
const NO_USER = 'must be a user or user:group, by name or by number, such as "nobody" or "65534:65534"';

const OF_FUNCTIONS = ['fexit', 'kprobe', 'tracepoint'] as const satisfies readonly Rung[];

/** A hook's switches; `rungs` are those that it has, `tried` those that are tried where nothing is said. */
function hook(
  description: string,
  { rungs = OF_FUNCTIONS, tried = rungs }: { rungs?: readonly Rung[]; tried?: readonly Rung[] } = {},
) {
  return z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether the hook is attached.'),
      attach: z
        .array(z.enum(rungs))
        .min(1, { error: 'must name at least one rung; to turn the hook off, write "enabled: false"' })
        .default([...tried])
        .describe(
          'Rungs that may be tried; whatever their order here, they are tried in the order fexit, kprobe, tracepoint, state.',
        ),
    })
    .prefault({})
    .describe(description);
}

const CALLS =
  'kprobe misses failures while as many calls block as there are CPUs. tracepoint slows every system call of the node, so it is tried only where it is named.';

const keys = z.strictObject({
  collection_interval: duration({ least: '1s', fallback: '10s' }).describe(
    'The most that may pass between two reads, and how often exporters push; a scrape always reads.',
  ),
  mode: z
    .enum(['basic', 'advanced'])
    .default('basic')
    .describe(
      'basic: drops of the node. advanced: also whose they were, for processors such as flow_attributes and k8s_attributes.',
    ),
  flows: z
    .strictObject({
      max_entries: z
        .int()
        .min(1)
        .max(262_144)
        .default(32_768)
        .describe('Flows between two reads at most, 300 bytes of kernel memory each; what does not fit is counted as overflow.'),
      ports: z.boolean().default(false).describe('Whether destination ports below 32768 tell flows apart.'),
    })
    .prefault({})
    .describe('What advanced mode counts by addresses, protocol, interface and network namespace.'),
  attributes: z
    .array(z.enum(ATTRIBUTES))
    .default([])
    .describe('Attributes besides reason, direction and class; each multiplies the number of series.'),
  attributes_max_entries: z
    .int()
    .min(1)
    .max(65_536)
    .default(4096)
    .describe(
      'Rows with opt-in attributes at most: where there are more, those end first that have had no drop for longest. New ones that find no room between two reads are counted without their attributes.',
    ),
  attributes_expiration: duration({ fallback: '5m' }).describe(
    'How long a series with opt-in attributes stays after its last drop; it begins anew at the next one. 0: until there is no room.',
  ),
  drop_reasons: z
    .enum(['kernel', 'function'])
    .default('kernel')
    .describe("Whose reasons are published: the kernel's (5.17), or what the function that frees a packet tells, as before."),
  netfilter_detail: z
    .enum(['none', 'stack'])
    .default('none')
    .describe("stack: the call chain of netfilter's drops tells NAT and conntrack apart; some microseconds for each such drop."),
  hooks: z
    .strictObject({
      kfree_skb: hook('Dropped packets, where the kernel frees them.', { rungs: ['tracepoint'] }),
      nested: hook('Drops in a softirq that interrupts the counting of another one.', { rungs: ['tracepoint'] }),
      nat: hook('Packets that NAT drops. kprobe would run for every packet that passes NAT.', { tried: ['fexit', 'tracepoint'] }),
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
    .describe('Keeps maps and programs in the kernel while no agent runs: drops go on being counted, and counters carry on.'),
  pin_path: z
    .string()
    .regex(/^\/.*[^/]$/, {
      error: ({ input }) => `must be an absolute path in a BPF file system, got ${JSON.stringify(input)}`,
    })
    .default('/sys/fs/bpf/dropreason')
    .describe('Where they are pinned: a directory of a BPF file system, of this receiver alone.'),
  capabilities: z
    .enum(['keep', 'drop'])
    .default('keep')
    .describe('drop: once attached, the process gives up every capability for good; nothing can be attached later.'),
  user: z
    .union([z.string().regex(USER, NO_USER), z.int().min(0, NO_USER)], NO_USER)
    .transform(String)
    .optional()
    .describe('With `capabilities: drop`: the user to change to, once attached; also user:group, each a name or a number.'),
});

export const configSchema = keys.refine(({ capabilities, user }) => user === undefined || capabilities === 'drop', {
  path: ['user'],
  error: 'needs "capabilities: drop" beside it: another user has none',
});

export type DropreasonConfig = z.output<typeof configSchema>;

export type HookId = keyof DropreasonConfig['hooks'];

/** Whether any function of the kernel may have to be named, not just those that tell a reason or a class. */
export function namesEveryFunction(config: DropreasonConfig): boolean {
  return config.attributes.includes('code.function.name') || recordsChains(config);
}

/** Whether call chains of netfilter's drops are recorded, which tell NAT and conntrack and the hook. */
export function recordsChains({ netfilter_detail, attributes }: DropreasonConfig): boolean {
  return netfilter_detail === 'stack' || attributes.includes('netfilter.hook');
}
