#!/bin/sh
# Builds the programs that the stress tests run in a guest: the senders, the BPF programs that wait, and the tool that attaches them.
# Rebuilds only if a source is newer.
set -eu
cd "$(dirname "$0")/../../.."
here=test/vm/stress
out=${1:-build/test/stress}
mkdir -p "$out"
outdated() { # TARGET SOURCE…
  target=$1; shift
  [ ! -e "$target" ] || [ -n "$(find "$@" -newer "$target" -print -quit)" ]
}
compile() { # TARGET SOURCE… or -lLIBRARY…
  target=$out/$1; shift
  cc -std=gnu17 -O2 -Wall -Wextra -Werror -o "$target.new" "$@"
  mv "$target.new" "$target"
}
common=test/kernel/traffic/common.c
if outdated "$out/storm" "$here/storm.c" "$common"; then compile storm "$here/storm.c" "$common"; fi
if outdated "$out/attach" "$here/attach.c" "$here/interrupted.h"; then compile attach "$here/attach.c" -lbpf; fi
if outdated "$out/interrupted.bpf.o" "$here/interrupted.bpf.c" "$here/interrupted.h"; then
  clang -g -O2 -Wall -Werror -target bpf -mcpu=v3 -I"/usr/include/$(uname -m)-linux-gnu" \
    -c "$here/interrupted.bpf.c" -o "$out/interrupted.new"
  mv "$out/interrupted.new" "$out/interrupted.bpf.o"
fi
