#!/bin/sh
# `npm run soak -- MINUTES`: adds and removes interfaces, namespaces, pods, scanners, and reloads; see test/soak/main.ts. Needs root.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'npm run soak loads BPF programs and creates network namespaces: run it as root' >&2; exit 1; }
sh scripts/setup.sh test
sh test/kernel/build.sh
PATH="$PATH:/usr/sbin:/sbin"
export PATH
exec node_modules/.bin/node test/soak/main.ts "$@"
