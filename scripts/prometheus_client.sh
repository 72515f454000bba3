#!/bin/sh
# Prints the path of a python3 with prometheus_client, which has the official parsers of both text formats. It is created once, in the
# cache. Prints nothing if it is not available.
set -eu

directory=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers/prometheus_client-0.26.0
if [ ! -x "$directory/bin/python3" ]; then
  if ! command -v python3 >/dev/null; then
    echo "skip: no prometheus_client: python3 is not installed" >&2
    exit
  fi
  echo "fetching prometheus_client" >&2
  # A virtual environment contains its own path. So it is created in its final place, and removed again if it is incomplete.
  mkdir -p "$(dirname "$directory")"
  if ! { python3 -m venv "$directory" && "$directory/bin/pip" install -q prometheus_client==0.26.0; } >&2; then
    rm -rf "$directory"
    echo "skip: no prometheus_client: python3 -m venv or pip failed" >&2
    exit
  fi
fi
echo "$directory/bin/python3"
