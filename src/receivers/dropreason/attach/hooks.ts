import type { HookId, Rung } from '../config.ts';
import type { Attachment, KernelFacts, Layout } from '../probe.ts';

/** A kernel function (or a pair) that a hook watches, with the programs of each rung. They are attached all or none. */
export interface HookPart {
  /** Its name in messages. */
  readonly what: string;
  /** The module with the function; undefined if it is in every kernel. */
  readonly module?: string;
  /** An empty list means that nothing is attached: call chains give the information, if recorded. */
  readonly rungs: Partial<Record<Rung, readonly Attachment[]>>;
}

export interface HookSpec {
  readonly hook: HookId;
  readonly parts: readonly HookPart[];
}

/** The program at the return of every system call, which connect and accept share. */
export const SHARED_PROGRAM = 'sys_exit';

/** The programs that count failed calls at the return of a call. */
export const CALL_PROGRAM = /^(?:connect_|accept4?_|sys_exit$)/;

/** Those that exist twice at each return. A call is lost only if the kernel skips both. */
export const CALL_PROGRAM_OF_TWO = /_fexit(?:_again)?$/;

export function dropProgram({ casts }: KernelFacts): string {
  return casts ? 'kfree_skb' : 'kfree_skb_copy';
}

/** All hooks with their rungs on this kernel. The functions are in nf_nat_core.c, nft_chain_nat.c, nf_conntrack_core.c and net/socket.c. */
export function hookTable(facts: KernelFacts, { syscallPrefix }: Pick<Layout, 'syscallPrefix'>): readonly HookSpec[] {
  const connects = `${syscallPrefix}connect`;
  // A program that the kernel may skip is followed by a second one that repeats its work.
  const states = [at('inet_sock_set_state'), ...(facts.guarded ? [at('inet_sock_set_state_again')] : [])];
  return [
    { hook: 'kfree_skb', parts: [{ what: 'skb:kfree_skb', rungs: { tracepoint: [at(dropProgram(facts))] } }] },
    {
      hook: 'nested',
      parts: [{ what: 'skb:kfree_skb', rungs: { tracepoint: [at(facts.casts ? 'nested' : 'nested_copy')] } }],
    },
    {
      hook: 'nat',
      parts: [
        {
          what: 'nft_nat_do_chain',
          module: 'nft_chain_nat',
          rungs: {
            fexit: twice('nft_nat_do_chain', 'nat_chain_fentry', 'nat_chain_fexit'),
            kprobe: [at('nat_chain_kprobe', 'nft_nat_do_chain'), at('nat_chain_kretprobe', 'nft_nat_do_chain')],
            tracepoint: [],
          },
        },
        {
          what: 'nf_nat_inet_fn',
          module: 'nf_nat',
          rungs: {
            fexit: [at('nat_fexit', 'nf_nat_inet_fn')],
            kprobe: [at('nat_kprobe', 'nf_nat_inet_fn'), at('nat_kretprobe', 'nf_nat_inet_fn')],
            tracepoint: [],
          },
        },
      ],
    },
    {
      hook: 'conntrack',
      parts: [
        {
          what: '__nf_conntrack_confirm',
          module: 'nf_conntrack',
          rungs: {
            fexit: twice('__nf_conntrack_confirm', 'confirm_fexit'),
            kprobe: [at('confirm_kprobe', '__nf_conntrack_confirm'), at('confirm_kretprobe', '__nf_conntrack_confirm')],
            tracepoint: [],
          },
        },
      ],
    },
    {
      hook: 'connect',
      parts: [
        {
          what: 'connect()',
          rungs: {
            fexit: [at('connect_fentry', connects), ...twice(connects, 'connect_fexit'), ...states],
            kprobe: [at('connect_kretprobe', connects), ...states],
            tracepoint: [at(SHARED_PROGRAM), ...states],
            state: states,
          },
        },
      ],
    },
    {
      hook: 'accept',
      parts: [
        {
          what: 'accept()',
          rungs: {
            fexit: (['accept', 'accept4'] as const).flatMap((call) => [
              at(`${call}_fentry`, `${syscallPrefix}${call}`),
              ...twice(`${syscallPrefix}${call}`, `${call}_fexit`),
            ]),
            kprobe: [at('accept_kretprobe', `${syscallPrefix}accept`), at('accept_kretprobe', `${syscallPrefix}accept4`)],
            tracepoint: [at(SHARED_PROGRAM)],
          },
        },
      ],
    },
  ];
}

/** Programs that may be preempted, each with a twin that does the work if the kernel skips the first. */
function twice(target: string, ...programs: readonly string[]): Attachment[] {
  return programs.flatMap((program) => [at(program, target), at(`${program}_again`, target)]);
}

function at(program: string, target = ''): Attachment {
  return { program, target };
}
