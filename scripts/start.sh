#!/bin/sh
# Sets up what is missing and runs the agent; options go to `dropreason run`.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh"
# Resident memory is what the node feels, and the agent makes little garbage: a small young generation, and no threads that
# compile beside the main one, each of which keeps memory of its own (10 MB after some hundred scrapes); and a heap that is
# collected before it has grown by a tenth, which matters with many series of pods (docs/adr/0020). docs/adr/0024 has the rest.
exec "$here/../node_modules/.bin/node" --max-semi-space-size=1 --heap-growing-percent=10 --no-concurrent-recompilation "$here/../dist/main.js" run "$@"
