/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that are read here, relocated at load against the running kernel's BTF (CO-RE): only the names of
 * types and fields matter, not their order.
 */
#ifndef DROPREASON_KERNEL_BPF_H
#define DROPREASON_KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/net.h>
#include <linux/types.h>
#include <stdbool.h>
/* After linux/bpf.h, whose __u32 and the like it needs. */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
/* The types below are the kernel's, as those of a vmlinux.h: libbpf's macros name their fields by it. */
#define __VMLINUX_H__
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct net {
	struct ns_common ns;
	__u64 net_cookie;
	struct hlist_head *dev_index_head;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct list_head {
	struct list_head *next;
};

struct in_ifaddr {
	struct in_ifaddr *ifa_next;
	__be32 ifa_local;
};

struct in_device {
	struct in_ifaddr *ifa_list;
};

struct inet6_dev {
	struct list_head addr_list;
};

struct bpf_xdp_entity {
	void *prog;
	void *link;
};

struct rtnl_link_ops {
	const char *kind;
};

struct net_device {
	char name[16]; /* IFNAMSIZ */
	int ifindex;
	unsigned int priv_flags;
	possible_net_t nd_net;
	struct hlist_node index_hlist;
	const struct rtnl_link_ops *rtnl_link_ops;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
	struct bpf_xdp_entity xdp_state[3];
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	struct list_head if_list;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct socket {
	socket_state state;
	struct file *file;
	struct sock *sk;
};

struct sk_buff;

struct sk_buff_head {
	struct sk_buff *prev;
	__u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	__u16 sk_protocol;
	int sk_err;
	int sk_err_soft;
	struct sk_buff_head sk_error_queue;
};

struct mptcp_sock {
	struct sock *first;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct vm_struct {
	unsigned long size;
	unsigned int nr_pages;
};

struct task_struct {
	void *stack;
	struct vm_struct *stack_vm_area;
	struct files_struct *files;
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	unsigned int len;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	__u16 mac_len;
	__u8 ipvs_property : 1;
	__u8 redirected : 1;
	__u8 from_ingress : 1;
	int skb_iif;
	unsigned int tail;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
	unsigned long _nfct;
	char cb[48];
};

struct iphdr {
	__be16 frag_off;
	__u8 protocol;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6hdr {
	__u8 nexthdr;
	struct in6_addr saddr;
	struct in6_addr daddr;
};

struct udphdr {
	__be16 dest;
};

struct vlan_hdr {
	__be16 h_vlan_encapsulated_proto;
};

struct nf_conn {
	unsigned long status;
};

struct skb_shared_info {
	struct sk_buff *frag_list;
};

struct dst_ops {
	unsigned short family;
};

struct dst_entry {
	struct net_device *dev;
	struct dst_ops *ops;
	unsigned short flags;
};

struct rtable {
	unsigned int rt_flags;
	__u16 rt_type;
	__u8 rt_is_input;
};

struct rt6_info {
	__u32 rt6i_flags;
};

#pragma clang attribute pop

/* Since 5.17 (c504e5c2f964 "net: skb: introduce kfree_skb_reason()") the tracepoint carries a reason. */
enum skb_drop_reason___any {
	DROPREASON_ANY_REASON = 1,
};

/* include/linux/netdevice.h; the values are the running kernel's. */
enum netdev_priv_flags {
	IFF_EBRIDGE = 1 << 1,
	IFF_BRIDGE_PORT = 1 << 9,
	IFF_MACVLAN = 1 << 16,
};

/* include/uapi/linux/if.h */
#define IFNAMSIZ 16
/* include/uapi/linux/if_ether.h */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
/* include/linux/socket.h */
#define AF_UNSPEC 0
#define AF_INET 2
#define AF_INET6 10
/* include/uapi/linux/in.h */
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262

#endif
