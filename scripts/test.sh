#!/bin/sh
# Sets up what is missing and runs the tests; options go to vitest. Needs root for real drops; without it those skip.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh" test
cd "$here/.."
[ ! -f test/kernel/build.sh ] || sh test/kernel/build.sh
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH:$(sh scripts/prometheus.sh)"
exec node node_modules/.bin/vitest run "$@"
