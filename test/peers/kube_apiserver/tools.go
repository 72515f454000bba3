//go:build tools

// Package tools names what go.mod is for: scripts/test-peers.sh builds Kubernetes' API server from it, as it is.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver/app"
