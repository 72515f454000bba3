#!/bin/sh
# Sets up what is missing and runs the unit tests and, with root, the kernel's; options and files go to vitest, for all tests.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh" test
cd "$here/.."
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH:$(sh scripts/prometheus.sh)"
[ $# != 0 ] || set -- --project unit --project kernel
exec node node_modules/.bin/vitest run "$@"
