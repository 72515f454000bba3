#!/bin/sh
# `npm run bench`: measures what the agent costs and compares it with the bars. Needs root. `npm run bench -- NAME…` takes only these
# measures, `--json FILE` also writes the figures to a file, BENCH_MINUTES shortens the ten minutes of the memory measure.
# `npm run bench -- --vm [KERNEL]` measures what a passing packet costs on each rung, in a virtual machine (6.12).
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'npm run bench loads BPF programs and creates network namespaces: run it as root' >&2; exit 1; }
PATH="$PATH:/usr/sbin:/sbin"
export PATH
sh scripts/setup.sh test
sh test/kernel/build.sh
sh test/bench/build.sh
if [ "${1:-}" = --vm ]; then
  exec sh scripts/test-vm.sh --kernel "${2:-6.12}" --timeout 900 -- node_modules/.bin/node test/bench/main.ts passing_rungs
fi
exec node_modules/.bin/node test/bench/main.ts "$@"
