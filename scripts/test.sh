#!/bin/sh
# Installs what is missing and runs the unit tests and, as root, the kernel tests. Options and files are passed to vitest, for all tests.
# `kernel NAME…` runs only the kernel scenarios with these names. `watch` runs the unit tests affected by each change.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh" test
cd "$here/.."
prometheus=$(sh scripts/prometheus.sh)
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH:$prometheus"
case ${1:-} in
  '') set -- run --project unit --project kernel ;;
  watch) shift; set -- watch --project unit "$@" ;;
  kernel)
    shift
    names=
    for name; do names="$names${names:+|}$name"; done
    set -- run --project kernel ${names:+-t "$names"}
    ;;
  *) set -- run "$@" ;;
esac
exec node node_modules/.bin/vitest "$@"
