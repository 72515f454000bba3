#!/bin/sh
# `npm run test:peers`: the agent against a real Prometheus and a real OpenTelemetry Collector. Each is taken from its
# environment variable (OTELCOL_PEER, PROMETHEUS_PEER, PROMTOOL_PEER), else from PATH, else fetched or built once and kept in
# the cache. A peer that can't be had here is a skip, said by name; one that should build and doesn't is a failure.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh test
cache=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers
mkdir -p "$cache"

# The address of a program: what the variable says, what is on PATH, or nothing.
find_peer() { # VALUE PROGRAM
  if [ -n "$1" ]; then echo "$1"; else command -v "$2" || true; fi
}

build_collector() {
  if ! command -v go >/dev/null; then
    echo 'skip: no OpenTelemetry Collector: Go 1.26 is not here to build it, and OTELCOL_PEER names none' >&2
    return
  fi
  if ! printf 'go1.26\n%s\n' "$(go env GOVERSION)" | sort -V -C; then
    echo "skip: no OpenTelemetry Collector: it takes Go 1.26 to build, this is $(go env GOVERSION)" >&2
    return
  fi
  binary=$cache/otelcol-0.162.0-$(cd test/peers/otelcol && cat main.go go.mod go.sum | sha256sum | cut -c 1-12)
  if [ ! -x "$binary" ]; then
    echo 'building the OpenTelemetry Collector, once: two minutes' >&2
    (cd test/peers/otelcol && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$binary.$$" .) >&2
    mv "$binary.$$" "$binary"
  fi
  echo "$binary"
}

# Unpacked, not installed: Debian's package would start a service of its own.
fetch_prometheus() {
  directory=$cache/prometheus
  if [ ! -x "$directory/usr/bin/prometheus" ]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
      echo "skip: no Prometheus: it is not on PATH, and this is no Debian to fetch it from" >&2
      return
    fi
    echo 'fetching Prometheus' >&2
    scratch=$(mktemp -d)
    get() { (cd "$scratch" && apt-get download -qq -o APT::Sandbox::User= prometheus) >&2; }
    get 2>/dev/null || { apt-get update -qq >&2 && get; }
    dpkg -x "$scratch"/*.deb "$scratch/unpacked"
    rm -rf "$directory"
    mv "$scratch/unpacked" "$directory"
    rm -r "$scratch"
  fi
  echo "$directory/usr/bin/prometheus"
}

OTELCOL_PEER=$(find_peer "${OTELCOL_PEER:-}" otelcol)
[ -n "$OTELCOL_PEER" ] || OTELCOL_PEER=$(build_collector)
PROMETHEUS_PEER=$(find_peer "${PROMETHEUS_PEER:-}" prometheus)
[ -n "$PROMETHEUS_PEER" ] || PROMETHEUS_PEER=$(fetch_prometheus)
PROMTOOL_PEER=$(find_peer "${PROMTOOL_PEER:-}" promtool)
[ -n "$PROMTOOL_PEER" ] || [ -z "$PROMETHEUS_PEER" ] || PROMTOOL_PEER=$(dirname "$PROMETHEUS_PEER")/promtool
export OTELCOL_PEER PROMETHEUS_PEER PROMTOOL_PEER

exec node_modules/.bin/node node_modules/.bin/vitest run --config test/peers/vitest.config.ts "$@"
