#!/bin/sh
# Installs what is missing and runs the agent. Options are passed to `dropreason run`.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh"
# These options keep resident memory low; the agent produces little garbage. The young generation is small. There are no compiler
# threads, because each keeps memory (10 MB after some hundred scrapes). The heap is collected before it has grown by a tenth, which
# matters with many series of pods (docs/adr/0020). docs/adr/0024 has the rest.
exec "$here/../node_modules/.bin/node" --max-semi-space-size=1 --heap-growing-percent=10 --no-concurrent-recompilation "$here/../dist/main.js" run "$@"
