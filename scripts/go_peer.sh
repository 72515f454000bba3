#!/bin/sh
# Builds a program of Go modules once, keeps it in the cache and prints its path; or nothing, with the reason, where Go isn't here.
# usage: go_peer.sh NAME-VERSION FOLDER-WITH-GO.MOD PACKAGE [LDFLAGS]
set -eu

name=$1 folder=$2 package=$3 ldflags="-s -w ${4-}"
if ! command -v go >/dev/null; then
  echo "skip: no $name: Go 1.26 is not here to build it" >&2
  exit
fi
if ! printf 'go1.26\n%s\n' "$(go env GOVERSION)" | sort -V -C; then
  echo "skip: no $name: it takes Go 1.26 to build, this is $(go env GOVERSION)" >&2
  exit
fi
cache=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers
mkdir -p "$cache"
binary=$cache/$name-$(cd "$folder" && cat ./*.go go.mod go.sum | sha256sum | cut -c 1-12)
if [ ! -x "$binary" ]; then
  echo "building $name, once: some minutes" >&2
  # Behind whatever else the machine does.
  (cd "$folder" && CGO_ENABLED=0 nice go build -trimpath -ldflags "$ldflags" -o "$binary.$$" "$package") >&2
  mv "$binary.$$" "$binary"
fi
echo "$binary"
