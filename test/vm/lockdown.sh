#!/bin/sh
# Tests the agent on a kernel with lockdown=confidentiality, in a guest:
#   node test/vm/main.ts --kernel 6.12 --append lockdown=confidentiality -- sh test/vm/lockdown.sh
# Requires a complete build. The last line is vitest's: N passed, N failed, N skipped.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH"
# Node takes 3 s to start under emulation.
exec node node_modules/.bin/vitest run --testTimeout 300000 --hookTimeout 300000 "$@" test/e2e/lockdown.test.ts
