#!/bin/sh
# Loads the modules of conntrack and NAT, and those that need them. Not done in guest.sh, because a separate run starts without them.
modprobe -qa nf_conntrack nf_nat nft_chain_nat nft_ct nft_nat nft_masq nft_redir \
  iptable_nat ip6table_nat xt_conntrack xt_nat xt_MASQUERADE || true
