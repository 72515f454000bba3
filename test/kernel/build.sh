#!/bin/sh
# Builds the programs that the scenarios run next to the agent: the traffic tool, and two BPF programs that drop packets. Rebuilds only if
# a source is newer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../build/test}
mkdir -p "$out"
newer() { # newer TARGET SOURCE…: true if TARGET must be built
  target=$1; shift
  [ ! -e "$target" ] || [ -n "$(find "$@" -newer "$target" | head -n 1)" ]
}
if newer "$out/traffic" "$here"/traffic/*.[ch]; then
  cc -std=gnu17 -O2 -Wall -Wextra -Werror -pthread -o "$out/traffic.new" "$here"/traffic/*.c
  mv "$out/traffic.new" "$out/traffic"
fi
if newer "$out/drop_all.bpf.o" "$here/drop_all.bpf.c"; then
  clang -target bpf -O2 -g -Wall -Werror -I "/usr/include/$(uname -m)-linux-gnu" -c "$here/drop_all.bpf.c" -o "$out/drop_all.new"
  mv "$out/drop_all.new" "$out/drop_all.bpf.o"
fi
