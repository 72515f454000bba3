//go:build tools

// Package tools names what go.mod is for: scripts/test-peers.sh builds kustomize from it, as it is.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5"
