/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs for the scenarios of tc and XDP: they drop or lose every IP packet, and pass all others. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

static int is_ip(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6);
}

SEC("tc")
int drop_tc(struct __sk_buff *skb)
{
	return is_ip(skb->protocol) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("xdp")
int drop_xdp(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	return is_ip(eth->h_proto) ? XDP_DROP : XDP_PASS;
}

/* Also handles packets with VLAN tags in front. */
SEC("xdp_tagged")
int drop_xdp_tagged(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	return is_ip(eth->h_proto) || eth->h_proto == bpf_htons(ETH_P_8021Q) ? XDP_DROP : XDP_PASS;
}

/* Redirects to a device that does not exist. */
SEC("xdp_nowhere")
int redirect_nowhere(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end || !is_ip(eth->h_proto))
		return XDP_PASS;
	return bpf_redirect(0x7fffffff, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
