// A typical agent in Go, to compare a scrape with ours: the same number of pod counters and the same labels, with client_golang.
// usage: go_agent PODS DESTINATIONS; prints its port.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var names = []string{
	"reason", "direction", "class",
	"source_k8s_namespace_name", "source_k8s_pod_name", "source_k8s_deployment_name",
	"destination_k8s_namespace_name", "destination_k8s_pod_name", "destination_k8s_deployment_name",
}

func pod(index int) (string, string) {
	return fmt.Sprintf("app-%d-6d4b-%d", index%100, index), fmt.Sprintf("app-%d", index%100)
}

func main() {
	pods, _ := strconv.Atoi(os.Args[1])
	destinations, _ := strconv.Atoi(os.Args[2])
	drops := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dropreason_pod_drop_count_total", Help: "Drops by pod."}, names)
	bytes := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dropreason_pod_drop_bytes_total", Help: "Bytes by pod."}, names)
	registry := prometheus.NewRegistry()
	registry.MustRegister(drops, bytes)
	var series [][2]prometheus.Counter
	for to := pods; to < pods+destinations; to++ {
		for from := 0; from < pods; from++ {
			fromPod, fromDeployment := pod(from)
			toPod, toDeployment := pod(to)
			values := []string{"IPTABLE_RULE_DROP", "egress", "policy", "bench", fromPod, fromDeployment, "bench", toPod, toDeployment}
			series = append(series, [2]prometheus.Counter{drops.WithLabelValues(values...), bytes.WithLabelValues(values...)})
		}
	}
	// Each series rises between two scrapes, like ours. This does not make the scrape slower.
	http.HandleFunc("/rise", func(http.ResponseWriter, *http.Request) {
		for _, each := range series {
			each[0].Inc()
			each[1].Add(28)
		}
	})
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
