#!/bin/sh
# `npm run bench`: measures what the agent costs against the bars. `npm run bench -- NAME…` takes these measures alone,
# `--json FILE` writes the figures down too, BENCH_MINUTES shortens the ten minutes of the memory measure. Needs root.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'npm run bench loads BPF programs and makes network namespaces: run it as root' >&2; exit 1; }
PATH="$PATH:/usr/sbin:/sbin"
export PATH
sh scripts/setup.sh test
sh test/bench/build.sh
exec node_modules/.bin/node test/bench/main.ts "$@"
