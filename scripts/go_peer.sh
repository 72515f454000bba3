#!/bin/sh
# Builds a Go program once, keeps it in the cache and prints its path. Without Go it prints only the reason, to standard error.
# usage: go_peer.sh NAME-VERSION FOLDER-WITH-GO.MOD PACKAGE [LDFLAGS]
set -eu

name=$1 folder=$2 package=$3 ldflags="-s -w ${4-}"
if ! command -v go >/dev/null; then
  echo "skip: no $name: the build requires Go 1.26, which is not installed" >&2
  exit
fi
if ! printf 'go1.26\n%s\n' "$(go env GOVERSION)" | sort -V -C; then
  echo "skip: no $name: the build requires Go 1.26, this is $(go env GOVERSION)" >&2
  exit
fi
cache=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers
mkdir -p "$cache"
binary=$cache/$name-$(cd "$folder" && cat ./*.go go.mod go.sum | sha256sum | cut -c 1-12)
if [ ! -x "$binary" ]; then
  echo "building $name once; this takes some minutes" >&2
  # At low priority.
  (cd "$folder" && CGO_ENABLED=0 nice go build -trimpath -ldflags "$ldflags" -o "$binary.$$" "$package") >&2
  mv "$binary.$$" "$binary"
fi
echo "$binary"
