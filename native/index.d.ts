/**
 * Seam 2: the interface between TypeScript and the kernel. Calls belong to the thread that created the object. All except
 * {@link Probe.drain} are synchronous. All throw a {@link NativeError}.
 */

/** An error of the addon, with the kernel's own message. */
export interface NativeError extends Error {
  /** The failed operation. `ERR_ARGUMENT` is a mistake of the caller, `ERR_CLOSED` a use after `close`. */
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
  /** The name of the errno, such as `EPERM`; empty if there is none. */
  readonly errno: string;
  /** The last lines of libbpf's log, including the verifier's; empty if there are none. */
  readonly details: string;
}

/** The constants of bpf/dropreason.h, so that they are defined only once. */
export interface Layout {
  /** row = reason << reasonShift | direction << directionShift | family */
  readonly reasonShift: number;
  readonly directionShift: number;
  /** The highest number of reasons with node rows. */
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
    /** The function that freed a packet without a reason. */
    readonly location: number;
    /** The function that freed the packet, for every packet. */
    readonly everyLocation: number;
    /** The call chain of netfilter drops. */
    readonly stack: number;
  };
  /** The reasons under which failed calls are counted. */
  readonly calls: { readonly connect: number; readonly accept: number };
  /** The reasons of packets for which a netfilter hook has left a note. */
  readonly notes: { readonly nat: number; readonly conntrack: number };
  /** The reason under which the map `rescued` counts everything that was rescued, including losses. It has no row. */
  readonly rescued: number;
  /** The prefix of kernel functions of system calls, such as `__x64_sys_`. */
  readonly syscallPrefix: string;
  /** Values of ProbeOptions.hints. */
  readonly hints: { readonly ingress: number; readonly egress: number };
  /** RowKey.protocol of packets without an IP header. */
  readonly noProtocol: number;
  /** Byte offsets of the fields in a flow's key (struct dropreason_flow). */
  readonly flow: {
    /** Size of the whole key; a multiple of 8. */
    readonly bytes: number;
    /** 16 bytes each, in network order, IPv4 mapped into IPv6; all zero if there is none. */
    readonly source: number;
    readonly destination: number;
    /** 64 bits each: as {@link Row.location} and {@link Row.stack}. */
    readonly location: number;
    readonly stack: number;
    /** 32 bits each. */
    readonly reason: number;
    readonly netns: number;
    readonly ifindex: number;
    /** 64 bits, of which 53 are used: as {@link Row.cookie}. */
    readonly cookie: number;
    /** 16 bits each: errno of a failed call; destination port in host order, 0 if it isn't counted. */
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
  /** The full name, such as `SKB_DROP_REASON_NO_SOCKET` or `OVS_DROP_LAST_ACTION`. */
  readonly name: string;
  readonly value: number;
}

export interface KernelFacts {
  /** All reasons, including those of subsystems and loaded modules. Empty on kernels without reasons (before 5.17). */
  readonly reasons: readonly KernelReason[];
  /** Whether the kernel prevents a BTF tracepoint program from interrupting itself (6.1, 05b24ff9b2cf). */
  readonly guarded: boolean;
  /** Whether programs can cast pointers to a type (6.2, a35b9af4ec2c), which saves helper calls. */
  readonly casts: boolean;
  /** Version of the loaded libbpf, such as `1.1`. */
  readonly libbpf: string;
}

/** Reads /sys/kernel/btf. Throws `ERR_BTF` if the kernel has none. */
export declare function kernelFacts(): KernelFacts;

/** The addresses of a kernel function, [start, end). */
export interface SymbolRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Addresses of kernel functions by name, from /proc/kallsyms. Unknown names are left out; so are all names if addresses are hidden (no
 * CAP_SYSLOG, kernel.kptr_restrict). Takes about 50 ms.
 */
export declare function symbolRanges(names: readonly string[]): Record<string, SymbolRange>;

/**
 * Reduces the resident memory of this process, on another thread. Unmaps the pages of the executable that equal the file (the next use
 * maps them again) and returns to the kernel what malloc() has free. Never rejects.
 */
export declare function releaseResident(): Promise<void>;

/** Reads the names for a later `symbolRanges` on another thread, so that it waits less. */
export declare function readAhead(names: readonly string[]): void;

/**
 * The functions that contain return addresses. An address may be the first byte after a function that ends with the call. Unknown
 * functions are empty strings. Takes about 50 ms for any number of addresses.
 */
export declare function symbolsAt(addresses: readonly bigint[]): string[];

/**
 * Closes /proc/kallsyms, which otherwise stays open with the access rights it was opened with. From then on the two functions above know
 * only these functions, named as `symbolsAt` returns them. `ERR_SYMBOLS`.
 */
export declare function closeSymbols(names: readonly string[]): void;

export interface ProbeOptions {
  /** Path of the BPF object. */
  readonly object: string;
  /** The number of reasons with node rows: 0 … reasons-1. */
  readonly reasons: number;
  /** The kernel's number for "not specified". */
  readonly unspecified: number;
  /** The kernel's number for a netfilter drop, for call chains; without one, the number for "not specified". */
  readonly netfilter: number;
  /** Bits of Layout.attributes, and the most rows with such attributes. */
  readonly attributes: number;
  readonly attributesMaxEntries: number;
  /** Uses atomic adds, for kernels without a recursion guard. */
  readonly atomic: boolean;
  /** Uses the kernel's reasons. Otherwise every packet is "not specified", as on kernels without reasons. */
  readonly reasoned: boolean;
  /** Allows netfilter hooks to leave notes. */
  readonly notes: boolean;
  /** Set if the program that rescues drops skipped by the first one is attached too. */
  readonly rescue: boolean;
  /** Addresses of skb_release_data and kfree_skb_list, if known. */
  readonly fragments: SymbolRange | undefined;
  readonly lists: SymbolRange | undefined;
  /** Layout.hints by reason. */
  readonly hints: Uint8Array;
  /** Also counts by flow. */
  readonly flows: FlowOptions | undefined;
  /** Keeps maps and links in the kernel when the process ends. */
  readonly pin: PinOptions | undefined;
}

export interface FlowOptions {
  /** The most flows of one generation. Further drops are counted as overflow of their row. */
  readonly maxEntries: number;
  /** Distinguishes flows by destination ports below 32768. */
  readonly ports: boolean;
}

export interface PinOptions {
  /** A directory in a BPF file system. Created if missing. */
  readonly directory: string;
  /** Identifies layout and configuration. Pins with another fingerprint are removed. At most 64 bytes. */
  readonly fingerprint: string;
  /** The start of counting, in milliseconds since the epoch. Ignored if pins are taken over. */
  readonly startTimeMillis: number;
}

/** A program and the function or tracepoint it is attached to. */
export interface Attachment {
  readonly program: string;
  /** The kernel function, for fentry, fexit, kprobe and kretprobe programs; empty for tracepoints. */
  readonly target: string;
}

/** A row that is not an array element. bpf/dropreason.h describes the fields. Counts are exact up to 2^53. */
export interface Row {
  /** An opaque identifier for {@link Probe.endRows}. */
  readonly id: string;
  /** When it was created, before it counted anything, in milliseconds since the epoch. The same after a restart. */
  readonly sinceMillis: number;
  /** Whether it occupies an entry in the kernel's map now. Never if flows are counted, because a drain empties the map. */
  readonly live: boolean;
  /** Cookie of the network namespace. Never reused. 0 before Linux 5.12. */
  readonly cookie: number;
  readonly location: bigint;
  readonly reason: number;
  readonly netns: number;
  readonly error: number;
  readonly protocol: number;
  readonly direction: number;
  readonly family: number;
  readonly interface: string;
  /** Key of Probe.stacks(); 0 if no stack was requested or there was no room. */
  readonly stack: bigint;
  /** The packet's connection was not yet confirmed although NAT had finished with it. Only set with a stack. */
  readonly unconfirmed: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** The part whose flow did not fit in the map. 0 if flows aren't counted. */
  readonly overflowPackets: number;
  readonly overflowBytes: number;
}

/** Flows removed from the kernel. The key of flow n is at n * layout.flow.bytes, its packets and bytes at n * 16. */
export interface Flows {
  readonly count: number;
  readonly keys: ArrayBuffer;
  /** Two little-endian numbers of 64 bits each. */
  readonly counts: ArrayBuffer;
}

/** The name of a network interface when one of its flows was first counted. */
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
  /** Runs that the kernel skipped because the program was already running on that CPU. */
  readonly recursionMisses: number;
}

export interface MapUse {
  readonly map: string;
  readonly capacity: number;
  /** Memory of its entries in the kernel, in bytes, without the kernel's own overhead. */
  readonly bytes: number;
}

/**
 * The maps and the attached programs that count into them. `close` detaches and frees everything that isn't pinned; so does the garbage
 * collector.
 */
export declare class Probe {
  /**
   * Creates the maps, or takes over pinned maps and programs. `ERR_OPEN`, `ERR_MAP`, `ERR_LOAD`; `ERR_PIN` if pinning is not possible
   * there or the directory contains something else; `ERR_LOCKED` if a running process uses the pins.
   */
  constructor(options: ProbeOptions);
  /**
   * Loads and attaches all of the programs, in this order, or none. `ERR_LOAD`, `ERR_ATTACH`, `ERR_PIN`. `calls` selects the calls that
   * the program at the return of system calls counts. Skips what is already attached.
   */
  attach(attachments: readonly Attachment[], calls?: { readonly connect: boolean; readonly accept: boolean }): void;
  /**
   * Makes the kernel permanently reject writes to the maps from user space, by any process, except for the maps that {@link drain} and
   * {@link endRows} write to. Programs continue to count. `ERR_MAP`.
   */
  freeze(): void;
  /** The attached programs, in order, including those that were taken over. */
  readonly attached: readonly Attachment[];
  /**
   * `taken_over` from pins, or `new`; `replaced` if there were pins with another fingerprint, `incomplete` if a pin was
   * missing.
   */
  readonly origin: 'new' | 'taken_over' | 'replaced' | 'incomplete';
  /** Name of the missing pin; empty except for `incomplete`. */
  readonly missing: string;
  /** When counting began, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  /** The number of slices of the counters: the highest possible CPU + 1. */
  readonly cpus: number;
  /** Rows of one CPU's slice. */
  readonly rows: number;
  /**
   * The node rows: packets of `row` on `cpu` at 2 * (cpu * rows + row), followed by bytes. The memory is read-only: writing to it ends the
   * process. Length 0 after `close`.
   *
   * Without flows, the live values of the kernel. With flows, the values as of the last {@link drain} (before the first one, of an earlier
   * process), in four planes of cpus * rows rows: the sum of planes 0 and 1 are the node's rows; the sum of planes 2 and 3 is the part
   * that did not fit into the flow map. Loss slots are in plane 0.
   */
  readonly counters: BigUint64Array;
  /**
   * Ends a generation: the kernel starts with empty maps, and its counts are kept in this process (and with the pins).
   *
   * With flows, it removes them from the kernel. {@link counters} and {@link entries} then show the same moment. Their increase since the
   * previous drain equals the sum of these flows plus the increase of the overflow. Without flows, it returns none, and no number
   * changes.
   *
   * Waits for the kernel, about 10 ms, on another thread; one at a time. `ERR_MAP`.
   */
  drain(): Promise<Flows>;
  /** The interfaces whose flows were counted. `ERR_MAP`. */
  interfaces(): InterfaceName[];
  /** All rows with opt-in attributes, without a node row, or rescued. Live, or as of the last drain like {@link counters}. `ERR_MAP`. */
  entries(map: 'attributes' | 'unlisted' | 'rescued'): Row[];
  /**
   * Ends rows from {@link entries} by their ids: they are forgotten, and their counts are added to the remainder of their kind. If one
   * counts again, it is a new row that starts from 0. Not allowed for `live` rows or during a drain.
   * `ERR_ARGUMENT`, `ERR_MAP`.
   */
  endRows(ids: readonly string[]): void;
  /** The counts of ended rows, without protocol, interface and namespace. With pins, also those of earlier processes. */
  remainders(): Row[];
  /** Return addresses by Row.stack, innermost first: the function that freed the packet, its caller and so on. */
  stacks(): ReadonlyMap<bigint, readonly bigint[]>;
  statistics(): ProgramStatistics[];
  maps(): MapUse[];
  /** Detaches and frees everything that isn't pinned. May be called twice. */
  close(): void;
}

/**
 * Removes all pins in a directory, and the directory; returns their names. `ERR_PIN`, also if the directory contains anything that a probe
 * hasn't pinned: then nothing is removed. `ERR_LOCKED`.
 */
export declare function unpin(directory: string): string[];

/** The user and groups of a process. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
}

/**
 * Parses `user` or `user:group`, each a name or a number. Without a group, the user's own groups are used.
 * `ERR_USER` if there is no such user or group, and for root.
 */
export declare function findUser(text: string): User;

/**
 * Permanently drops every capability of every thread of this process: effective, permitted, inheritable, ambient, and the bounding set
 * with CAP_SETPCAP. Sets no_new_privs. If a user is given, changes every thread to it first, which requires CAP_SETUID and
 * CAP_SETGID. `ERR_CAPABILITIES`.
 */
export declare function dropCapabilities(user?: User): void;
