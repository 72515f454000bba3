//go:build tools

// Package tools names what go.mod is for: scripts/test-peers.sh builds Prometheus 3 from it, as it is.
package tools

import _ "github.com/prometheus/prometheus/cmd/prometheus"
