#!/bin/sh
# Prints the directory that has these programs: the one on PATH, else that of Debian's package, unpacked into the cache.
# The package is not installed, because it would start a service. Prints nothing if neither is available.
# usage: debian_peer.sh PACKAGE PROGRAM…
set -eu

package=$1
shift
on_path() {
  for program; do command -v "$program" >/dev/null || return 1; done
}
if on_path "$@"; then
  dirname "$(command -v "$1")"
  exit
fi
directory=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers/$package
if [ ! -x "$directory/usr/bin/$1" ]; then
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "skip: no $1: it is not on PATH, and it can only be downloaded on Debian" >&2
    exit
  fi
  echo "fetching $package" >&2
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  get() { (cd "$scratch" && apt-get download -qq -o APT::Sandbox::User= "$package") >&2; }
  get 2>/dev/null || { apt-get update -qq >&2 && get; }
  dpkg -x "$scratch"/*.deb "$scratch/unpacked"
  mkdir -p "$(dirname "$directory")"
  rm -rf "$directory"
  mv "$scratch/unpacked" "$directory"
fi
echo "$directory/usr/bin"
