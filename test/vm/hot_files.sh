#!/bin/sh
# Lists the files that the scenarios open again and again: their tools, and the libraries and tables that these load. An open over 9p
# costs several round trips to the host, half of the time of a short command. So guest.sh copies these files into memory.
PATH=$PATH:/usr/sbin:/sbin
tools=$(for tool in sh bash cat ip tc bridge nft iptables ip6tables iptables-legacy ip6tables-legacy nsenter ethtool sysctl modprobe; do
  command -v "$tool"
done)
{
  echo "$tools"
  # shellcheck disable=SC2086
  ldd $tools 2>/dev/null | grep -oE '/[^ :]+'
  find /usr/lib/*/xtables /lib/*/xtables /etc/iproute2 /usr/share/iproute2 "$(dirname "$0")/../../build" -type f
  ls /etc/ld.so.cache /etc/nsswitch.conf /etc/protocols /etc/services /etc/passwd /etc/group
} 2>/dev/null | xargs realpath -e | sort -u
