/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network namespace of a packet or a socket: where it is found, and what tells it from others. */
#ifndef DROPREASON_NETNS_BPF_H
#define DROPREASON_NETNS_BPF_H

#include "../dropreason.h"
#include "device.bpf.h"

/* The namespace of the device, else of the socket. */
static __always_inline const struct net *own_net(const struct packet *packet)
{
	const struct net *net = device_net(packet_device(packet));

	return !net && packet->sk ? packet->sk->__sk_common.skc_net.net : net;
}

/* Else of the route's device. */
static __always_inline const struct net *route_net(const struct packet *packet)
{
	const struct dst_entry *dst = packet_dst(packet);
	const struct net_device *out = dst ? READ_AS(dst_entry, dst, dev, packet->cast) : NULL;

	return out ? READ_AS(net_device, out, nd_net.net, packet->cast) : NULL;
}

static __always_inline const struct net *packet_net(const struct packet *packet)
{
	const struct net *net = own_net(packet);

	return net ? net : route_net(packet);
}

/* What tells a network namespace. */
struct netns {
	__u64 cookie;
	__u32 inode;
};

/*
 * Since 5.12 (3d368ab87cf6) the cookie is a number that the namespace has from the beginning. Before, it is made when a program
 * first asks for it, and of another type, so that the field is none here.
 */
static __always_inline struct netns read_netns(const struct net *net, bool cast)
{
	struct netns netns = { .inode = READ_AS(net, net, ns.inum, cast) };

	if (bpf_core_field_exists(net->net_cookie))
		netns.cookie = READ_AS(net, net, net_cookie, cast);
	return netns;
}

/* By plain loads where it is the device's or the socket's. */
static __always_inline struct netns packet_netns(const struct packet *packet)
{
	const struct net *net = own_net(packet);
	struct netns netns = {};

	if (!net || packet->cast)
		return read_netns(net ? net : route_net(packet), packet->cast);
	netns.inode = net->ns.inum;
	if (bpf_core_field_exists(net->net_cookie))
		netns.cookie = net->net_cookie;
	return netns;
}

/* The namespace of a socket that the verifier may not know. */
static __always_inline struct netns socket_netns(const struct sock *sk)
{
	return read_netns(BPF_CORE_READ(sk, __sk_common.skc_net.net), false);
}

static __always_inline void fill_netns(struct dropreason_key *key, const struct netns netns)
{
	key->cookie = netns.cookie;
	key->netns = netns.inode;
}

#endif
