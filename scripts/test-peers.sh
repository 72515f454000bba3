#!/bin/sh
# `npm run test:peers`: tests the agent with a real Prometheus, OpenTelemetry Collector and Kubernetes API server. The path of each comes
# from its environment variable (OTELCOL_PEER, PROMETHEUS_PEER, PROMETHEUS3_PEER, PROMTOOL_PEER, KUBE_APISERVER_PEER, ETCD_PEER,
# KUSTOMIZE_PEER), else from PATH. Otherwise it is downloaded or built once and kept in the cache. An unavailable peer is skipped by name;
# a failed build is a failure.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh test
sh test/kernel/build.sh

built() { sh scripts/go_peer.sh "$@"; }
OTELCOL_PEER=${OTELCOL_PEER:-$(command -v otelcol || built otelcol-0.162.0 test/peers/otelcol .)}
prometheus=$(sh scripts/prometheus.sh)
PROMETHEUS_PEER=${PROMETHEUS_PEER:-${prometheus:+$prometheus/prometheus}}
PROMTOOL_PEER=${PROMTOOL_PEER:-${prometheus:+$prometheus/promtool}}
# Debian's Prometheus does not support start times of counters. Built without service discovery, since all targets are static.
PROMETHEUS3_PEER=${PROMETHEUS3_PEER:-$(GOFLAGS=-tags=remove_all_sd built prometheus-0.316.0 test/peers/prometheus3 \
  github.com/prometheus/prometheus/cmd/prometheus)}
etcd=$(sh scripts/debian_peer.sh etcd-server etcd)
ETCD_PEER=${ETCD_PEER:-${etcd:+$etcd/etcd}}
KUBE_APISERVER_PEER=${KUBE_APISERVER_PEER:-$(command -v kube-apiserver || built kube-apiserver-1.36.3 test/peers/kube_apiserver \
  k8s.io/kubernetes/cmd/kube-apiserver '-X k8s.io/component-base/version.gitVersion=v1.36.3')}
KUSTOMIZE_PEER=${KUSTOMIZE_PEER:-$(command -v kustomize || command -v kubectl || built kustomize-5.7.1 test/peers/kustomize \
  sigs.k8s.io/kustomize/kustomize/v5)}
export OTELCOL_PEER PROMETHEUS_PEER PROMETHEUS3_PEER PROMTOOL_PEER ETCD_PEER KUBE_APISERVER_PEER KUSTOMIZE_PEER

exec node_modules/.bin/node node_modules/.bin/vitest run --config test/peers/vitest.config.ts "$@"
