#!/bin/sh
# `npm run test:peers`: the agent against a real Prometheus and a real OpenTelemetry Collector. Each is taken from its
# environment variable (OTELCOL_PEER, PROMETHEUS_PEER, PROMTOOL_PEER), else from PATH, else fetched or built once and kept in
# the cache. A peer that can't be had here is a skip, said by name; one that should build and doesn't is a failure.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh test
sh test/kernel/build.sh
cache=${DROPREASON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dropreason}/peers
mkdir -p "$cache"

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

OTELCOL_PEER=${OTELCOL_PEER:-$(command -v otelcol || true)}
[ -n "$OTELCOL_PEER" ] || OTELCOL_PEER=$(build_collector)
prometheus=$(sh scripts/prometheus.sh)
PROMETHEUS_PEER=${PROMETHEUS_PEER:-${prometheus:+$prometheus/prometheus}}
PROMTOOL_PEER=${PROMTOOL_PEER:-${prometheus:+$prometheus/promtool}}
export OTELCOL_PEER PROMETHEUS_PEER PROMTOOL_PEER

exec node_modules/.bin/node node_modules/.bin/vitest run --config test/peers/vitest.config.ts "$@"
