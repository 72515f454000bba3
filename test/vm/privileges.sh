#!/bin/sh
# What this kernel lets the agent do with how few privileges, tried in a guest:
#   node test/vm/main.ts --kernel 5.10 -- sh test/vm/privileges.sh
# The closing line is vitest's: N passed, N failed, N skipped. Everything must have been built.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH"
# Node takes 3 s to start under emulation, and more to compile what it loads: that is kept, for each user by itself.
export NODE_COMPILE_CACHE=/tmp/node-compile-cache
mkdir -p "$NODE_COMPILE_CACHE"
chmod 1777 "$NODE_COMPILE_CACHE"
exec node node_modules/.bin/vitest run --testTimeout 300000 --hookTimeout 300000 "$@" \
  test/e2e/privileges.test.ts test/unit/native/symbols.test.ts
