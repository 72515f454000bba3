#!/bin/sh
# Prints the directory that has prometheus and promtool: the one on PATH, else Debian's package unpacked into the cache.
# Unpacked, not installed: the package would start a service of its own. Prints nothing where neither can be had.
set -eu

if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
  dirname "$(command -v prometheus)"
  exit
fi
directory=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers/prometheus
if [ ! -x "$directory/usr/bin/prometheus" ]; then
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo 'skip: no Prometheus: it is not on PATH, and this is no Debian to fetch it from' >&2
    exit
  fi
  echo 'fetching Prometheus' >&2
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  get() { (cd "$scratch" && apt-get download -qq -o APT::Sandbox::User= prometheus) >&2; }
  get 2>/dev/null || { apt-get update -qq >&2 && get; }
  dpkg -x "$scratch"/*.deb "$scratch/unpacked"
  mkdir -p "$(dirname "$directory")"
  rm -rf "$directory"
  mv "$scratch/unpacked" "$directory"
fi
echo "$directory/usr/bin"
