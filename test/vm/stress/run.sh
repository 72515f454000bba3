#!/bin/sh
# The stress in a guest: interleavings, and a flood that fills the map of flows from all CPUs, on every kernel; all CPUs through all hooks at once on 6.12, PREEMPT_RT or not:
#   npm run test:vm -- --cpus 2 --jobs 1 --timeout 600 -- sh test/vm/stress/run.sh
set -eu
cd "$(dirname "$0")/../../.."
case $(uname -r) in
  6.12.*) parts='interleaving flows all-at-once' ;;
  *) parts='interleaving flows' ;;
esac
# shellcheck disable=SC2086
exec node_modules/.bin/node test/vm/stress/main.ts $parts
