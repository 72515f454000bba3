#!/bin/sh
# The stress tests, in a guest. On every kernel: interleavings, and a flood from all CPUs that fills the flow map. On 6.12 and 6.12-rt also
# drops on all CPUs through all hooks at once:
#   npm run test:vm -- --cpus 2 --jobs 1 --timeout 600 -- sh test/vm/stress/run.sh
set -eu
cd "$(dirname "$0")/../../.."
case $(uname -r) in
  6.12.*) parts='interleaving flows all-at-once' ;;
  *) parts='interleaving flows' ;;
esac
# shellcheck disable=SC2086
exec node_modules/.bin/node test/vm/stress/main.ts $parts
