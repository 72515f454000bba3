#!/bin/sh
# Tests the agent with few privileges on this kernel, in a guest:
#   node test/vm/main.ts --kernel 5.10 -- sh test/vm/privileges.sh
# Requires a complete build. The last line is vitest's: N passed, N failed, N skipped.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH"
# Under emulation Node takes 3 s to start, and more to compile the modules that it loads. The compiled code is kept for each user.
export NODE_COMPILE_CACHE=/tmp/node-compile-cache
mkdir -p "$NODE_COMPILE_CACHE"
chmod 1777 "$NODE_COMPILE_CACHE"
exec node node_modules/.bin/vitest run --testTimeout 300000 --hookTimeout 300000 "$@" \
  test/e2e/privileges.test.ts test/unit/native/symbols.test.ts
