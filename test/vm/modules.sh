#!/bin/sh
# Loads what conntrack and NAT are made of, and what needs them. guest.sh leaves it out: a run of its own begins without.
modprobe -qa nf_conntrack nf_nat nft_chain_nat nft_ct nft_nat nft_masq nft_redir \
  iptable_nat ip6table_nat xt_conntrack xt_nat xt_MASQUERADE || true
