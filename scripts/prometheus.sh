#!/bin/sh
# Prints the directory that has prometheus and promtool, or nothing if they are not available.
set -eu
exec sh "$(dirname "$0")/debian_peer.sh" prometheus prometheus promtool
