#!/bin/sh
# Builds the programs that the measures run next to the agent: packet senders, a program that makes system calls, and empty BPF programs.
# Rebuilds only if a source is newer.
set -eu
cd "$(dirname "$0")/../.."
out=build/bench
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
if outdated "$out/paced" test/bench/paced.c "$common"; then compile paced test/bench/paced.c "$common"; fi
if outdated "$out/forward" test/bench/forward.c "$common"; then compile forward test/bench/forward.c "$common"; fi
if outdated "$out/getppid" test/bench/getppid.c; then compile getppid test/bench/getppid.c; fi
if outdated "$out/connects" test/bench/connects.c; then compile connects test/bench/connects.c; fi
if outdated "$out/attach" test/bench/attach.c; then compile attach test/bench/attach.c -lbpf; fi
if outdated "$out/empty.bpf.o" test/bench/empty.bpf.c; then
  clang -g -O2 -Wall -Werror -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -c test/bench/empty.bpf.c -o "$out/empty.new"
  mv "$out/empty.new" "$out/empty.bpf.o"
fi
