#!/bin/sh
# What test/kernel/mutations.ts can show in a guest alone: a count left out of the rescuing program, of a note of NAT's or
# conntrack's. Elsewhere than in a guest: npm run test:vm -- --kernel 6.1 --kernel 6.12 --timeout 900 -- sh test/vm/mutations.sh
set -u
cd "$(dirname "$0")/../.." || exit
sh test/vm/modules.sh
failed=0
for text in rescued note verdicts; do
  node_modules/.bin/node test/kernel/mutations.ts --filter "$text" || failed=1
done
exit $failed
