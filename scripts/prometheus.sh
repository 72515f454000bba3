#!/bin/sh
# Prints the directory that has prometheus and promtool, or nothing where they can't be had.
set -eu
exec sh "$(dirname "$0")/debian_peer.sh" prometheus prometheus promtool
