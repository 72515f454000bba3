/**
 * Seam 2: what TypeScript may ask of the kernel. Every call belongs to the thread that made the object, and all but
 * {@link Probe.drain} are synchronous. All of them throw a {@link NativeError}.
 */

/** What went wrong, said once and with the kernel's own words. */
export interface NativeError extends Error {
  /** What was being done. `ERR_ARGUMENT` is the caller's mistake, `ERR_CLOSED` a use after `close`. */
  readonly code:
    | 'ERR_BTF'
    | 'ERR_OPEN'
    | 'ERR_LOAD'
    | 'ERR_ATTACH'
    | 'ERR_MAP'
    | 'ERR_SYMBOLS'
    | 'ERR_PIN'
    | 'ERR_LOCKED'
    | 'ERR_CAPABILITIES'
    | 'ERR_USER'
    | 'ERR_ARGUMENT'
    | 'ERR_CLOSED';
  /** The errno's name, such as `EPERM`; empty where there is none. */
  readonly errno: string;
  /** libbpf's last lines, the verifier's among them; empty where it said nothing. */
  readonly details: string;
}

/** The constants of bpf/dropreason.h, so that they stand nowhere else. */
export interface Layout {
  /** row = reason << reasonShift | direction << directionShift | family */
  readonly reasonShift: number;
  readonly directionShift: number;
  /** Reasons that can have node rows, at most. */
  readonly maxReasons: number;
  /** Names by number. */
  readonly directions: readonly string[];
  readonly families: readonly string[];
  /** Loss slots by number; slot n is row (reasons << reasonShift) + n. */
  readonly slots: readonly string[];
  /** Bits of ProbeOptions.attributes. */
  readonly attributes: {
    readonly protocol: number;
    readonly interface: number;
    readonly netns: number;
    /** Where packets without a reason were freed. */
    readonly location: number;
    /** Where every packet was freed. */
    readonly everyLocation: number;
    /** The call chain of netfilter's drops. */
    readonly stack: number;
  };
  /** The reasons under which failed calls are counted. */
  readonly calls: { readonly connect: number; readonly accept: number };
  /** The reasons of packets for which a hook of netfilter has left a note. */
  readonly notes: { readonly nat: number; readonly conntrack: number };
  /** The reason under which the map `rescued` counts everything that was rescued, losses too: no row of its own. */
  readonly rescued: number;
  /** What the kernel function of a system call is called before the call's name, such as `__x64_sys_`. */
  readonly syscallPrefix: string;
  /** Values of ProbeOptions.hints. */
  readonly hints: { readonly ingress: number; readonly egress: number };
  /** RowKey.protocol where there was no IP header. */
  readonly noProtocol: number;
  /** Where the fields of a flow's key lie: bytes from its beginning (struct dropreason_flow). */
  readonly flow: {
    /** Of the whole key; a multiple of 8. */
    readonly bytes: number;
    /** 16 bytes each, in network order, IPv4 mapped into IPv6; all zero where there is none. */
    readonly source: number;
    readonly destination: number;
    /** 64 bits each: as {@link Row.location} and {@link Row.stack}. */
    readonly location: number;
    readonly stack: number;
    /** 32 bits each. */
    readonly reason: number;
    readonly netns: number;
    readonly ifindex: number;
    /** 64 bits, of which 53 are told: as {@link Row.cookie}. */
    readonly cookie: number;
    /** 16 bits each: errno of a failed call; destination port in host order, 0 where it isn't counted. */
    readonly error: number;
    readonly port: number;
    /** 16 bits: as {@link Row.protocol}. */
    readonly protocol: number;
    /** 8 bits each. */
    readonly direction: number;
    readonly family: number;
    readonly unconfirmed: number;
  };
}

export declare const layout: Layout;

/** One enumerator of an enum of drop reasons, in the running kernel's BTF. */
export interface KernelReason {
  /** The whole name, such as `SKB_DROP_REASON_NO_SOCKET` or `OVS_DROP_LAST_ACTION`. */
  readonly name: string;
  readonly value: number;
}

export interface KernelFacts {
  /** Every reason, subsystems' and loaded modules' too; empty on kernels without reasons (before 5.17). */
  readonly reasons: readonly KernelReason[];
  /** Whether the kernel keeps a BTF tracepoint's program from interrupting itself (6.1, 05b24ff9b2cf). */
  readonly guarded: boolean;
  /** Whether a program can give a type to a pointer (6.2, a35b9af4ec2c), which saves helper calls. */
  readonly casts: boolean;
  /** Version of the libbpf in use, such as `1.1`. */
  readonly libbpf: string;
}

/** Reads /sys/kernel/btf; `ERR_BTF` where the kernel has none. */
export declare function kernelFacts(): KernelFacts;

/** Where a kernel function lies, [start, end). */
export interface SymbolRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Where kernel functions lie, by name, from /proc/kallsyms; a name that isn't there is left out, and all are where the
 * addresses are hidden (no CAP_SYSLOG, kernel.kptr_restrict). About 50 ms.
 */
export declare function symbolRanges(names: readonly string[]): Record<string, SymbolRange>;

/** Has a thread look for what `symbolRanges` will be asked for with the same names, so that it waits less. */
export declare function readAhead(names: readonly string[]): void;

/**
 * The functions in which return addresses lie (one may be the first byte behind a function that ends with the call); an
 * empty name where that can't be told. About 50 ms, for any number.
 */
export declare function symbolsAt(addresses: readonly bigint[]): string[];

/**
 * Closes /proc/kallsyms, which stays open otherwise and goes on showing what it showed at first. From then on the two functions
 * above only know functions of these names, given as `symbolsAt` returns them. `ERR_SYMBOLS`.
 */
export declare function closeSymbols(names: readonly string[]): void;

export interface ProbeOptions {
  /** Path of the BPF object. */
  readonly object: string;
  /** Node rows for the reasons 0 … reasons-1. */
  readonly reasons: number;
  /** The kernel's number for "not specified". */
  readonly unspecified: number;
  /** The kernel's number for a drop by netfilter, for call chains; that of "not specified" where it has none. */
  readonly netfilter: number;
  /** Layout.attributes, or-ed; and the most rows with such attributes. */
  readonly attributes: number;
  readonly attributesMaxEntries: number;
  /** Atomic adds, for kernels that don't guard a program against itself. */
  readonly atomic: boolean;
  /** Whether the kernel's reasons are used; else every packet is "not specified", as on kernels without them. */
  readonly reasoned: boolean;
  /** Whether hooks of netfilter may leave notes. */
  readonly notes: boolean;
  /** Whether the program that rescues what the first was kept from counting is attached beside it. */
  readonly rescue: boolean;
  /** Where skb_release_data and kfree_skb_list lie, where that is known. */
  readonly fragments: SymbolRange | undefined;
  readonly lists: SymbolRange | undefined;
  /** Layout.hints by reason. */
  readonly hints: Uint8Array;
  /** Counts flows too: whose drops they were. */
  readonly flows: FlowOptions | undefined;
  /** Keeps maps and links in the kernel when the process ends. */
  readonly pin: PinOptions | undefined;
}

export interface FlowOptions {
  /** Flows of one generation at most; what doesn't fit is the overflow of its row. */
  readonly maxEntries: number;
  /** Whether destination ports below 32768 tell flows apart. */
  readonly ports: boolean;
}

export interface PinOptions {
  /** A directory of a BPF file system, made where it isn't there. */
  readonly directory: string;
  /** Tells one layout and configuration from another: what is pinned under another one is removed. At most 64 bytes. */
  readonly fingerprint: string;
  /** When counting begins, in milliseconds since the epoch, unless what is pinned is carried on with. */
  readonly startTimeMillis: number;
}

/** A program and where it runs. */
export interface Attachment {
  readonly program: string;
  /** The kernel function, for programs of fentry, fexit, kprobe and kretprobe; empty for those of tracepoints. */
  readonly target: string;
}

/** A row that is no array index: bpf/dropreason.h says what each field holds. Counts are exact up to 2^53. */
export interface Row {
  /** What tells it from all others: opaque, for {@link Probe.endRows}. */
  readonly id: string;
  /** When it was made, before anything was counted in it, in milliseconds since the epoch. The same after a restart. */
  readonly sinceMillis: number;
  /** Whether it takes room in the kernel's map now. Never where flows are counted: a drain empties that. */
  readonly live: boolean;
  /** Of the network namespace: no two ever have the same. 0 before Linux 5.12. */
  readonly cookie: number;
  readonly location: bigint;
  readonly reason: number;
  readonly netns: number;
  readonly error: number;
  readonly protocol: number;
  readonly direction: number;
  readonly family: number;
  readonly interface: string;
  /** Key of Probe.stacks(); 0 where none was asked for or had room. */
  readonly stack: bigint;
  /** The packet's connection was not confirmed yet though NAT was through with it; told with a stack alone. */
  readonly unconfirmed: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** Of those, the ones whose flow had no room. 0 where flows aren't counted. */
  readonly overflowPackets: number;
  readonly overflowBytes: number;
}

/** Flows, taken out of the kernel: the key of flow n at n * layout.flow.bytes, its packets and bytes at n * 16. */
export interface Flows {
  readonly count: number;
  readonly keys: ArrayBuffer;
  /** Two little-endian numbers of 64 bits each. */
  readonly counts: ArrayBuffer;
}

/** A network interface as it was called when a flow of it was first counted. */
export interface InterfaceName {
  readonly cookie: number;
  readonly netns: number;
  readonly ifindex: number;
  readonly name: string;
}

export interface ProgramStatistics {
  readonly program: string;
  /** Runs and their nanoseconds; 0 unless kernel.bpf_stats_enabled is set. */
  readonly runs: number;
  readonly runNanoseconds: number;
  /** Runs that the kernel skipped because the program was running on that CPU already. */
  readonly recursionMisses: number;
}

export interface MapUse {
  readonly map: string;
  readonly capacity: number;
  /** Bytes that its entries take in the kernel, without what the kernel adds to each. */
  readonly bytes: number;
}

/**
 * The maps, and the programs that were attached to count into them. `close` detaches and frees all but what is pinned, and so
 * does the garbage collector.
 */
export declare class Probe {
  /**
   * Makes and sizes the maps, or takes over pinned ones with all that is attached; `ERR_OPEN`, `ERR_MAP`, `ERR_LOAD`;
   * `ERR_PIN` where nothing can be pinned there or something else is, `ERR_LOCKED` where another process has pinned there and is alive.
   */
  constructor(options: ProbeOptions);
  /**
   * Loads and attaches programs, all of them or none, in this order; `ERR_LOAD`, `ERR_ATTACH`, `ERR_PIN`. `calls` says which
   * calls the program at the system calls' return counts. What is attached already is left alone.
   */
  attach(attachments: readonly Attachment[], calls?: { readonly connect: boolean; readonly accept: boolean }): void;
  /**
   * Has the kernel refuse writes to the maps from user space, for good and whoever writes; but for those that {@link drain} and
   * {@link endRows} write to. Programs go on counting. `ERR_MAP`.
   */
  freeze(): void;
  /** What is attached now, in order; what was taken over is among it. */
  readonly attached: readonly Attachment[];
  /**
   * `taken_over` from what was pinned, or made anew; `replaced` where something of another fingerprint was pinned, `incomplete`
   * where a pin was missing.
   */
  readonly origin: 'new' | 'taken_over' | 'replaced' | 'incomplete';
  /** Name of the pin that was missing; empty but for `incomplete`. */
  readonly missing: string;
  /** When counting began, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  /** CPUs that the counters have slices for: the highest possible one + 1. */
  readonly cpus: number;
  /** Rows of one CPU's slice. */
  readonly rows: number;
  /**
   * The node rows: packets of `row` on `cpu` at 2 * (cpu * rows + row), bytes after them. Read-only memory: writing to it ends the
   * process. Of length 0 after `close`.
   *
   * Live, as the kernel has them. Where flows are counted, as of the last {@link drain} (that of an earlier process, before
   * the first), and there are four planes of cpus * rows rows: 0 and 1, whose sum is the node's rows, then 2 and 3, whose sum is what of
   * that had no room among the flows. Loss slots are those of plane 0.
   */
  readonly counters: BigUint64Array;
  /**
   * Ends a generation: the kernel begins with empty maps, and what it counted is kept here (and with what is pinned).
   *
   * Where flows are counted it takes them out of the kernel: {@link counters} and {@link entries} are then those of the same moment,
   * and what they rose by since the drain before is the sum of these flows and of what the overflow rose by. Where they aren't,
   * there are none, and no number changes.
   *
   * It waits for the kernel, some 10 ms, on another thread; one at a time. `ERR_MAP`.
   */
  drain(): Promise<Flows>;
  /** The interfaces of which flows were counted. `ERR_MAP`. */
  interfaces(): InterfaceName[];
  /** All rows with opt-in attributes, those without a node row, or those that were rescued: live, or as {@link counters}. `ERR_MAP`. */
  entries(map: 'attributes' | 'unlisted' | 'rescued'): Row[];
  /**
   * Ends rows that {@link entries} has told, by their ids: they are forgotten, and what they had counted is added to the remainder of
   * their kind. One that is counted in again is a new row, from 0. Not for rows that are `live`, nor while a drain is under way.
   * `ERR_ARGUMENT`, `ERR_MAP`.
   */
  endRows(ids: readonly string[]): void;
  /** What rows had counted that have ended, without protocol, interface and namespace; earlier processes' too, where it is pinned. */
  remainders(): Row[];
  /** Return addresses by Row.stack, the innermost first: the function that freed the packet, its caller and so on. */
  stacks(): ReadonlyMap<bigint, readonly bigint[]>;
  statistics(): ProgramStatistics[];
  maps(): MapUse[];
  /** Detaches everything that isn't pinned, and frees it. Safe to call twice. */
  close(): void;
}

/**
 * Removes all that is pinned in a directory, and the directory; names what was there. `ERR_PIN`, also where it holds anything that
 * a probe hasn't pinned: then nothing is removed. `ERR_LOCKED`.
 */
export declare function unpin(directory: string): string[];

/** Whose rights a process has. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
}

/**
 * From `user` or `user:group`, each a name or a number; without a group it is the user's own, with all others that the user is in.
 * `ERR_USER` for one that isn't there, and for root.
 */
export declare function findUser(text: string): User;

/**
 * Gives up every capability of every thread of this process for good: effective, permitted, inheritable, ambient, and the
 * bounding set where CAP_SETPCAP is held; sets no_new_privs. Before that, changes every thread to a user, where one is given: that
 * takes CAP_SETUID and CAP_SETGID. `ERR_CAPABILITIES`.
 */
export declare function dropCapabilities(user?: User): void;
