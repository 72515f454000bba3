#!/bin/sh
# The first program in the guest's own root. Prepares the guest for the scenarios, runs the command that the host left in the scratch
# share, writes its status there and powers off.
export HOME=/run TMPDIR=/tmp LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec </dev/null

mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
mount -t securityfs securityfs /sys/kernel/security
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
ln -sf /proc/self/fd /dev/fd
# This changes nothing, but makes the overlay copy each file into memory: see hot_files.sh.
xargs chmod u+r </run/vm/hot_files
ip link set lo up
hostname dropreason-vm

# Most modules would load automatically, but that takes time in the middle of a scenario. Not br_netfilter: with it, bridged packets also
# pass the rules for IP. No modules that need conntrack or NAT: modules.sh loads these when required. A module that this kernel doesn't
# have is built in, or missing; then the scenario reports it.
modprobe -qa veth dummy bridge ipv6 \
  nf_tables nf_tables_bridge nf_reject_ipv4 nf_reject_ipv6 \
  nft_compat nft_counter nft_reject nft_reject_inet nft_reject_ipv4 nft_reject_ipv6 nft_fwd_netdev nft_limit \
  ip_tables iptable_filter iptable_raw iptable_mangle iptable_security ipt_REJECT \
  ip6_tables ip6table_filter ip6table_raw ip6table_mangle ip6table_security ip6t_REJECT \
  x_tables xt_tcpudp xt_comment xt_REJECT \
  arp_tables ebtables sch_tbf sch_htb sch_ingress cls_bpf act_bpf cls_u32 act_mirred ifb tun udp_diag tcp_diag unix_diag netlink_diag

cut -d ' ' -f 1 /proc/uptime >/run/vm/ready
sh /run/vm/command >/run/vm/stdout 2>/run/vm/stderr
echo $? >/run/vm/status
cut -d ' ' -f 1 /proc/uptime >/run/vm/done
busybox poweroff -f
