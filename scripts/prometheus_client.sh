#!/bin/sh
# Prints a python3 that has prometheus_client, whose parsers are the official ones of both text formats: one in the cache, made
# once, or nothing where it can't be had.
set -eu

directory=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers/prometheus_client-0.26.0
if [ ! -x "$directory/bin/python3" ]; then
  if ! command -v python3 >/dev/null; then
    echo "skip: no prometheus_client: there is no python3" >&2
    exit
  fi
  echo "fetching prometheus_client" >&2
  # A virtual environment knows its own path, so it is made where it stays, and taken away again where it isn't complete.
  mkdir -p "$(dirname "$directory")"
  if ! { python3 -m venv "$directory" && "$directory/bin/pip" install -q prometheus_client==0.26.0; } >&2; then
    rm -rf "$directory"
    echo "skip: no prometheus_client: python3 -m venv or pip can't get it" >&2
    exit
  fi
fi
echo "$directory/bin/python3"
