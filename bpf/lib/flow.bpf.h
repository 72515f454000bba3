/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose drop was it? Everything of a run is counted in one generation: its row, and its flow or the overflow of that row. User
 * space ends a generation by counting dropreason_generation up, waits until no program runs any more that may have read the old
 * value, and takes the flows out: so flows + overflow = rows, always.
 */
#ifndef DROPREASON_FLOW_BPF_H
#define DROPREASON_FLOW_BPF_H

#include "attributes.bpf.h"
#include "maps.bpf.h"

/* include/uapi/linux/in.h */
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136

/*
 * Flows of the even generations and of the odd ones. Size: flows.max_entries (32768) × (80 + 16 bytes and the kernel's 64) each,
 * 10 MB both. One map for all CPUs with atomic adds: one for each CPU would be half a gigabyte on a large machine.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct dropreason_flow);
	__type(value, struct dropreason_count);
} dropreason_flows_even SEC(".maps"), dropreason_flows_odd SEC(".maps");

/*
 * What interfaces of flows were called when they were first seen: indices can be looked up in their own namespace alone. The oldest
 * give way. Size: 4096 × 96 bytes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct dropreason_interface);
	__type(value, struct dropreason_interface_name);
} dropreason_interfaces SEC(".maps");

enum flow_added {
	FLOW_WITHOUT_ROOM, /* it is new, and the map is full */
	FLOW_KNOWN,
	FLOW_NEW,
};

/* Adds one to a flow. */
static __always_inline enum flow_added add_to_flow(void *map, const struct dropreason_flow *flow, __u64 bytes)
{
	const struct dropreason_count first = { .packets = 1, .bytes = bytes };
	struct dropreason_count *count = bpf_map_lookup_elem(map, flow);

	if (!count) {
		if (!bpf_map_update_elem(map, flow, &first, BPF_NOEXIST))
			return FLOW_NEW;
		/* Another CPU may have been first. */
		count = bpf_map_lookup_elem(map, flow);
		if (!count)
			return FLOW_WITHOUT_ROOM;
	}
	add(count, bytes, true);
	return FLOW_KNOWN;
}

static __always_inline enum flow_added count_flow(__u32 plane, const struct dropreason_flow *flow, __u64 bytes)
{
	if (plane & 1)
		return add_to_flow(&dropreason_flows_odd, flow, bytes);
	return add_to_flow(&dropreason_flows_even, flow, bytes);
}

/* ::ffff:a.b.c.d */
static __always_inline void map_ipv4(__u8 *mapped, __be32 address)
{
	__u32 *words = (void *)mapped;

	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/* Of the protocols whose header begins with the ports. */
static __always_inline bool has_ports(__u16 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

static __always_inline __u16 known_port(__be16 port)
{
	__u16 number = bpf_ntohs(port);

	return number < DROPREASON_EPHEMERAL_PORTS ? number : 0;
}

/* The destination port, where the packet has the transport header: not in a later fragment. */
static __always_inline __u16 packet_port(const struct packet *packet, const struct transport *transport)
{
	const struct sk_buff *skb = packet->skb;

	if (!has_ports(transport->protocol) || transport->offset == 0 || transport->offset + 4 > skb->tail)
		return 0;
	return known_port(READ_AS(udphdr, skb->head + transport->offset, dest, packet->cast));
}

/* Addresses, protocol and port, from the IP header: where it lies in the packet's linear part. */
static __always_inline void read_headers(struct dropreason_flow *flow, const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;
	const unsigned char *header = skb->head + skb->network_header;
	struct transport transport = { .protocol = DROPREASON_NO_PROTOCOL };

	if (flow->family == DROPREASON_IPV4 && has_network_header(skb, IPV4_HEADER_BYTES)) {
		map_ipv4(flow->source, READ_AS(iphdr, header, saddr, packet->cast));
		map_ipv4(flow->destination, READ_AS(iphdr, header, daddr, packet->cast));
	} else if (flow->family == DROPREASON_IPV6 && has_network_header(skb, IPV6_HEADER_BYTES)) {
		const struct ipv6hdr *ip = (const void *)header;

		read_address6(flow->source, (const void *)(header + bpf_core_field_offset(ip->saddr)), packet->cast);
		read_address6(flow->destination, (const void *)(header + bpf_core_field_offset(ip->daddr)), packet->cast);
	}
	read_transport(&transport, packet, flow->family);
	flow->protocol = transport.protocol;
	if (config.ports)
		flow->port = packet_port(packet, &transport);
}

static __always_inline void name_interface(const struct dropreason_interface *key, const struct packet *packet)
{
	struct dropreason_interface_name value = {};

	packet_interface(value.name, packet);
	if (value.name[0])
		bpf_map_update_elem(&dropreason_interfaces, key, &value, BPF_ANY);
}

/* Rare, so in functions of their own: see packet.bpf.h. */
__noinline int name_interface_cast(const struct dropreason_interface *key, const struct addresses *addresses)
{
	struct packet packet;

	if (!key || !addresses)
		return 0;
	packet = packet_at(addresses);
	name_interface(key, &packet);
	return 0;
}

static __noinline int name_interface_copy(const struct dropreason_interface *key, const struct sk_buff *skb,
					  const struct net_device *dev, const struct sock *sk)
{
	const struct packet packet = { .skb = skb, .dev = dev, .sk = sk, .cast = false };

	name_interface(key, &packet);
	return 0;
}

/* Keeps what the interface of a new flow is called. */
static __always_inline void keep_name(const struct dropreason_flow *flow, const struct packet *packet)
{
	const struct dropreason_interface key = { .cookie = flow->cookie, .netns = flow->netns, .ifindex = flow->ifindex };

	if (!key.ifindex || bpf_map_lookup_elem(&dropreason_interfaces, &key))
		return;
	if (packet->cast)
		name_interface_cast(&key, ADDRESSES_OF(packet));
	else
		name_interface_copy(&key, packet->skb, packet->dev, packet->sk);
}

static __always_inline __u32 packet_ifindex(const struct packet *packet)
{
	const struct net_device *dev = packet_device(packet);
	int ifindex = dev ? dev->ifindex : 0;

	return ifindex > 0 ? ifindex : packet->skb->skb_iif;
}

/* Whether the packet was counted among the flows of its row, whose key is `row`. */
static __always_inline bool count_packet_flow(const struct packet *packet, const struct dropreason_key *row, __u32 plane,
					      __u64 bytes)
{
	const struct netns netns = packet_netns(packet);
	struct dropreason_flow flow = {
		.location = row->location,
		.stack = row->stack,
		.cookie = netns.cookie,
		.reason = row->reason,
		.netns = netns.inode,
		.ifindex = packet_ifindex(packet),
		.direction = row->direction,
		.family = row->family,
		.unconfirmed = row->unconfirmed,
	};
	enum flow_added added;

	read_headers(&flow, packet);
	added = count_flow(plane, &flow, bytes);
	if (added == FLOW_NEW)
		keep_name(&flow, packet);
	return added != FLOW_WITHOUT_ROOM;
}

#endif
