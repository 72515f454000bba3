/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which TCP connects and accepts failed, and with what errno? */
#include "lib/attempt.bpf.h"
#include "lib/flow.bpf.h"
#include "lib/maps.bpf.h"
#include "lib/syscall.bpf.h"

/* include/uapi/asm-generic/errno-base.h, errno.h; from 512 on the kernel's own codes, which restart a call. */
#define EINTR 4
#define EAGAIN 11
#define EISCONN 106
#define EALREADY 114
#define EINPROGRESS 115
#define ERESTARTSYS 512
/* include/uapi/linux/stat.h */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
/* include/net/tcp_states.h */
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7

/* An IPv4 connection, also where an IPv6 socket makes it (RFC 4291 section 2.5.5.2). */
static __always_inline __u8 socket_family(const struct sock *sk)
{
	struct in6_addr address = {};

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		return DROPREASON_IPV4;
	BPF_CORE_READ_INTO(&address, sk, __sk_common.skc_v6_daddr);
	if (address.in6_u.u6_addr32[0] == 0 && address.in6_u.u6_addr32[1] == 0 &&
	    address.in6_u.u6_addr32[2] == bpf_htonl(0xffff))
		return DROPREASON_IPV4;
	return DROPREASON_IPV6;
}

/* One end of a socket; none where its address is that of any. */
static __always_inline void socket_address(__u8 *address, __be32 ipv4, const struct in6_addr *ipv6, __u16 socket_family)
{
	if (socket_family == AF_INET6)
		read_address6(address, ipv6, false);
	else if (ipv4)
		map_ipv4(address, ipv4);
}

/* Whether there was room for it. A connect goes from the socket's own address to its peer's; an accept, to its own. */
static __always_inline bool count_call_flow(const struct sock *sk, const struct dropreason_key *row, __u32 plane)
{
	const struct netns netns = socket_netns(sk);
	struct dropreason_flow flow = {
		.cookie = netns.cookie,
		.reason = row->reason,
		.netns = netns.inode,
		.ifindex = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if),
		.error = row->error,
		.protocol = IPPROTO_TCP,
		.direction = row->direction,
		.family = row->family,
	};
	bool is_connect = row->reason == DROPREASON_CALL_CONNECT;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u8 *own = is_connect ? flow.source : flow.destination;

	socket_address(own, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), &sk->__sk_common.skc_v6_rcv_saddr, family);
	if (is_connect)
		socket_address(flow.destination, BPF_CORE_READ(sk, __sk_common.skc_daddr), &sk->__sk_common.skc_v6_daddr,
			       family);
	if (config.ports)
		flow.port = known_port(is_connect ? BPF_CORE_READ(sk, __sk_common.skc_dport) :
						    bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num)));
	return count_flow(plane, &flow, 0) != FLOW_WITHOUT_ROOM;
}

static __always_inline void count_call(const struct sock *sk, __u32 call, __u16 error)
{
	struct dropreason_entry *entry = NULL;
	__u32 plane = current_plane();
	const struct dropreason_key key = {
		.reason = call,
		.error = error,
		.direction = call == DROPREASON_CALL_CONNECT ? DROPREASON_EGRESS : DROPREASON_INGRESS,
		.family = socket_family(sk),
	};

	if (config.attributes & ~DROPREASON_BY_LOCATION) {
		struct dropreason_key full = key;

		if (config.attributes & DROPREASON_BY_PROTOCOL)
			full.protocol = IPPROTO_TCP;
		if (config.attributes & DROPREASON_BY_NETNS)
			fill_netns(&full, socket_netns(sk));
		entry = ENTRY_OF(dropreason_attributes, plane, &full);
		if (!entry)
			count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);
	}
	if (!entry)
		entry = ENTRY_OF(dropreason_unlisted, plane, &key);
	if (!entry) {
		count_loss(DROPREASON_SLOT_UNLISTED_FULL);
		return;
	}
	count_entry(entry, 0);
	if (config.flows && !count_call_flow(sk, &key, plane))
		count_entry_overflow(entry, 0);
}

/* The open file behind a descriptor of the current task, NULL where there is none. */
static __always_inline const struct file *file_of(const void *task, __u32 fd)
{
	const struct fdtable *table = BPF_CORE_READ((const struct task_struct *)task, files, fdt);
	const struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

/*
 * The socket's sock where the file is a TCP socket, else NULL. An MPTCP socket accepts as a TCP socket does; a connect of one is
 * made by its first subflow (5.6), a TCP socket.
 */
static __always_inline const struct sock *tcp_sock_of(const struct file *file, __u32 call)
{
	const struct socket *socket = BPF_CORE_READ(file, private_data);
	const struct sock *sk;
	__u16 protocol;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	sk = BPF_CORE_READ(socket, sk);
	protocol = BPF_CORE_READ(sk, sk_protocol);
	if (protocol == IPPROTO_TCP || (protocol == IPPROTO_MPTCP && call == DROPREASON_CALL_ACCEPT))
		return sk;
	if (protocol == IPPROTO_MPTCP && bpf_core_field_exists(((const struct mptcp_sock *)sk)->first))
		return BPF_CORE_READ((const struct mptcp_sock *)sk, first);
	return NULL;
}

/* What the caller is told at once and isn't a failed attempt: one definition for every hook. */
static __always_inline bool is_failure(__u32 call, __s64 error)
{
	if (error <= 0 || error >= ERESTARTSYS || error == EINTR)
		return false;
	if (call == DROPREASON_CALL_ACCEPT)
		return error != EAGAIN;
	return error != EINPROGRESS && error != EALREADY && error != EISCONN;
}

/* Whether there is anything to do where a call returns: it has failed, or it has begun an attempt and doesn't wait for its end. */
static __always_inline bool matters(__u32 call, __s64 error)
{
	return is_failure(call, error) || (call == DROPREASON_CALL_CONNECT && error == EINPROGRESS);
}

/* A system call returns: `regs` as the task entered the kernel. */
static __always_inline int call_returns(const struct pt_regs *regs, __u32 call, __s64 value)
{
	const void *task = (const void *)bpf_get_current_task();
	const struct file *file;
	const struct sock *sk;

	if (!matters(call, -value) || is_compat(task))
		return 0;
	file = file_of(task, PT_REGS_PARM1_CORE_SYSCALL(regs));
	sk = file ? tcp_sock_of(file, call) : NULL;
	if (!sk)
		return 0;
	if (!is_failure(call, -value))
		leave_attempt(sk, file);
	else if (call != DROPREASON_CALL_CONNECT || !take_counted(sk, file, -value))
		count_call(sk, call, -value);
	return 0;
}

/*
 * Failed calls that one of two programs at the same return has counted. Key: the frame of the call, which both are given. The
 * oldest give way. Size: 8192 × 80 bytes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} dropreason_returned SEC(".maps");

/* Of the two, the one that comes first counts, and the other takes its mark away. */
static __always_inline int call_returns_to_two(__u64 frame, __u32 call, __s64 value)
{
	const __u64 counted = 1;

	if (!matters(call, -value) || !bpf_map_delete_elem(&dropreason_returned, &frame))
		return 0;
	bpf_map_update_elem(&dropreason_returned, &frame, &counted, BPF_ANY);
	return call_returns(entry_registers(), call, value);
}

/* A call begins: its frame may have been that of an earlier one whose mark nobody took, for one of the two was skipped. */
static __always_inline int call_begins(__u64 frame)
{
	bpf_map_delete_elem(&dropreason_returned, &frame);
	return 0;
}

SEC("fentry")
int BPF_PROG(connect_fentry)
{
	return call_begins((__u64)ctx);
}

SEC("fentry")
int BPF_PROG(accept_fentry)
{
	return call_begins((__u64)ctx);
}

SEC("fentry")
int BPF_PROG(accept4_fentry)
{
	return call_begins((__u64)ctx);
}

/*
 * fexit (x86 5.5, arm64 6.0) on the calls' own functions: whatever reason a call fails for, and nothing to pay for any other
 * call. The functions inside, such as inet_csk_accept(), don't see all of them: EMFILE, ECONNABORTED, a program's EPERM.
 * Their argument isn't used: on 5.10 the verifier doesn't know its type. Two programs each, for the kernel skips the one that
 * another task of this CPU was preempted in.
 */
SEC("fexit")
int BPF_PROG(connect_fexit, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_CONNECT, value);
}

SEC("fexit")
int BPF_PROG(connect_fexit_again, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_CONNECT, value);
}

SEC("fexit")
int BPF_PROG(accept_fexit, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_ACCEPT, value);
}

SEC("fexit")
int BPF_PROG(accept_fexit_again, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_ACCEPT, value);
}

SEC("fexit")
int BPF_PROG(accept4_fexit, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_ACCEPT, value);
}

SEC("fexit")
int BPF_PROG(accept4_fexit_again, const struct pt_regs *regs, long value)
{
	return call_returns_to_two((__u64)ctx, DROPREASON_CALL_ACCEPT, value);
}

/* Their twins for kernels that know kprobes alone. */
SEC("kretprobe")
int BPF_KRETPROBE(connect_kretprobe, long value)
{
	return call_returns(entry_registers(), DROPREASON_CALL_CONNECT, value);
}

SEC("kretprobe")
int BPF_KRETPROBE(accept_kretprobe, long value)
{
	return call_returns(entry_registers(), DROPREASON_CALL_ACCEPT, value);
}

/*
 * The return of every system call of the node (5.5 as a BTF tracepoint): all but failed connects and accepts must leave
 * at once. There is no cheaper tracepoint without tracefs.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, const struct pt_regs *regs, long value)
{
	if (value >= 0)
		return 0;
	switch (syscall_number(regs)) {
	case NR_CONNECT:
		return config.connect ? call_returns(regs, DROPREASON_CALL_CONNECT, value) : 0;
	case NR_ACCEPT:
	case NR_ACCEPT4:
		return config.accept ? call_returns(regs, DROPREASON_CALL_ACCEPT, value) : 0;
	}
	return 0;
}

static __always_inline int state_changes(const struct sock *sk, int old_state, int new_state)
{
	__u16 error;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (new_state == TCP_SYN_SENT)
		begin_attempt(sk);
	if (old_state != TCP_SYN_SENT || new_state != TCP_CLOSE)
		return 0;
	error = end_attempt(sk);
	if (error)
		count_call(sk, DROPREASON_CALL_CONNECT, error);
	return 0;
}

/*
 * A connection attempt that fails later, blocking or not: SYN_SENT → CLOSE with an error on the socket (5.5 as a BTF
 * tracepoint). Without an error it was a close(), or a failure that the call returns itself.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, const struct sock *sk, int old_state, int new_state)
{
	return state_changes(sk, old_state, new_state);
}

/* Once more, for a change in a softirq that interrupted the first, which the kernel then skips. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state_again, const struct sock *sk, int old_state, int new_state)
{
	return state_changes(sk, old_state, new_state);
}
