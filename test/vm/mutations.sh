#!/bin/sh
# The mutations of test/kernel/mutations.ts that only show in a guest: a count removed from the rescuing program, or for a note of NAT or
# conntrack. To run it from the host: npm run test:vm -- --kernel 6.1 --kernel 6.12 --timeout 900 -- sh test/vm/mutations.sh
set -u
cd "$(dirname "$0")/../.." || exit
sh test/vm/modules.sh
failed=0
for text in rescued note verdicts; do
  node_modules/.bin/node test/kernel/mutations.ts --filter "$text" || failed=1
done
exit $failed
