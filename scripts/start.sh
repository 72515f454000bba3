#!/bin/sh
# Sets up what is missing and runs the agent; options go to `dropreason run`.
set -eu
here=$(dirname "$0")
sh "$here/setup.sh"
# Small young generation: the agent makes little garbage, and resident memory is what the node feels.
exec "$here/../node_modules/.bin/node" --max-semi-space-size=1 "$here/../dist/main.js" run "$@"
