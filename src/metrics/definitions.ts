/**
 * Every metric that the agent publishes, declared once: instruments are made from these, and so are the tables of
 * docs/metrics.md. Names follow the OpenTelemetry conventions; a Prometheus scrape shows dots as `_`, and counters
 * with `_total`.
 */
export interface MetricDefinition {
  readonly name: string;
  /** A UCUM unit, with what is counted in braces. */
  readonly unit: string;
  readonly description: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Integers go out as integers, the rest as doubles. */
  readonly integer: boolean;
  /** Attribute names with what they mean. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Upper bounds of the histogram's buckets, in its unit. */
  readonly boundaries?: readonly number[];
}

const PACKET_ATTRIBUTES = {
  reason: "why it was dropped: the name that Retina gives it, else the running kernel's own",
  direction: '`ingress`, `egress`, `forward` or `unknown`',
  class: '`policy`, `capacity`, `error`, `benign`, `call` (not a packet) or `unclassified`: see Reasons',
  cpu: 'the CPU that dropped it; only without the processor `percpu_sum`',
  'network.type': '`ipv4`, `ipv6` or `other`; opt-in',
  'network.transport': "`tcp`, `udp`, `sctp`, `icmp`, `icmpv6` or the protocol's number; opt-in",
  'network.interface.name': 'the interface, or `unknown`; opt-in',
  'network.namespace.inode': 'inode number of the network namespace, which may be reused later; opt-in, with the next two',
  'network.namespace.cookie': 'number of the network namespace, never reused; Linux 5.12 or later',
  'network.namespace.name':
    'its name under /run/netns, if the agent can see one: `cni-UUID` for a pod of containerd; see Network namespaces',
  'code.function.name': 'the kernel function that freed the packet, or `unknown`; opt-in, requires readable kernel symbols',
  'netfilter.hook':
    '`prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`, `egress` or `unknown`, for netfilter drops; opt-in, requires readable kernel symbols',
} as const;

const DROP_ATTRIBUTES = { ...PACKET_ATTRIBUTES, 'error.type': 'name of the errno; only for failed calls' } as const;

const RETINA_ATTRIBUTES = {
  reason: 'as under the OpenTelemetry names',
  direction: '`ingress`, `egress` or `unknown`, which includes forwarded packets',
} as const;

/** What was dropped: through every exporter, named by `metric_names: opentelemetry`. */
export const DROPS = {
  count: {
    name: 'dropreason.drop.count',
    unit: '{drop}',
    description: 'Packets that the kernel dropped, and calls that failed where class is "call".',
    kind: 'counter',
    integer: true,
    attributes: DROP_ATTRIBUTES,
  },
  bytes: {
    name: 'dropreason.drop.bytes',
    unit: 'By',
    description: 'Bytes of the dropped packets, from the network header on.',
    kind: 'counter',
    integer: true,
    attributes: PACKET_ATTRIBUTES,
  },
} as const satisfies Record<string, MetricDefinition>;

/** The same under Retina's names: `metric_names: retina`. Prometheus sees gauges, OTLP monotonic sums. */
export const RETINA_DROPS = {
  count: { ...DROPS.count, name: 'networkobservability_drop_count', attributes: RETINA_ATTRIBUTES },
  bytes: { ...DROPS.bytes, name: 'networkobservability_drop_bytes', attributes: RETINA_ATTRIBUTES },
} as const satisfies Record<string, MetricDefinition>;

const POD_ATTRIBUTES = {
  reason: 'as of the drops on the node',
  direction: "with `context: local` from the pod's view: `egress` from it, `ingress` to it; else as of the drops on the node",
  class: 'as of the drops on the node; absent from the overflow',
  'k8s.namespace.name': "the pod's namespace; `world` or `unknown` if the address is not a pod's; label `namespace`",
  'k8s.pod.name': 'name of the pod, or `world` or `unknown`; label `podname`, and `workload` for a pod without a workload',
  'k8s.pod.ip': "the pod's address; label `ip`",
  'k8s.deployment.name': 'name of the workload, if it is a Deployment; label `workload`',
  'k8s.statefulset.name': 'the same for a StatefulSet',
  'k8s.daemonset.name': 'the same for a DaemonSet',
  'k8s.cronjob.name': 'the same for a CronJob',
  'k8s.job.name': 'the same for a Job',
  'k8s.replicaset.name': 'the same for a ReplicaSet',
  'k8s.service.name': 'a service that the pod is behind, or whose address it is; label `service`',
  'cloud.availability_zone': "the node's zone; label `zone`",
  'destination.port': 'the destination port, where the receiver counts ports; label `port`',
  'network.transport': "`tcp`, `udp`, `sctp`, `icmp`, `icmpv6` or the protocol's number; opt-in by `attributes` of `pod_drops`",
  'otel.metric.overflow': '`true`: the sum of drops beyond `max_series`, only by reason and direction',
} as const;

const RETINA_POD_ATTRIBUTES = {
  ...RETINA_ATTRIBUTES,
  namespace: 'label `namespace`; with `source_` or `destination_` before it, as the others, with `context: remote`',
  podname: 'label `podname`',
  ip: 'label `ip`',
  workload_kind: '`Deployment`, `StatefulSet`, `DaemonSet`, `CronJob`, `Job`, `ReplicaSet` or `Pod`; label `workload`',
  workload_name: 'its name; label `workload`',
  service: 'label `service`',
  zone: 'label `zone`',
  port: 'label `port`',
  protocol: '`network.transport`, opt-in by `attributes` of `pod_drops`; Retina itself has no such label here',
  'otel.metric.overflow': '`true`: the sum of what found no room in `max_series`',
} as const;

/** Drops by pod, from the processor pod_drops: through every exporter, named by `metric_names: opentelemetry`. */
export const POD_DROPS = {
  count: {
    name: 'dropreason.pod.drop.count',
    unit: '{drop}',
    description:
      'Drops by pod. With context: local it counts sides, not packets: a drop between two local pods counts for both. With context: remote each counts once.',
    kind: 'counter',
    integer: true,
    attributes: POD_ATTRIBUTES,
  },
  bytes: {
    name: 'dropreason.pod.drop.bytes',
    unit: 'By',
    description: 'Bytes of the packets dropped by pod, counted as they are.',
    kind: 'counter',
    integer: true,
    attributes: POD_ATTRIBUTES,
  },
} as const satisfies Record<string, MetricDefinition>;

/** The same under Retina's names. */
export const RETINA_POD_DROPS = {
  count: { ...POD_DROPS.count, name: 'networkobservability_adv_drop_count', attributes: RETINA_POD_ATTRIBUTES },
  bytes: { ...POD_DROPS.bytes, name: 'networkobservability_adv_drop_bytes', attributes: RETINA_POD_ATTRIBUTES },
} as const satisfies Record<string, MetricDefinition>;

/** How well we count: through every exporter, and on the endpoint for our own telemetry. */
export const COUNTING = {
  lost: {
    name: 'dropreason.receiver.lost',
    unit: '{drop}',
    description: 'Events at the place of a drop that are not in the drop counters, or not in full, by the slot that says why.',
    kind: 'counter',
    integer: true,
    attributes: { slot: 'what kept it from being counted, or from being counted in full' },
  },
  hookAttached: {
    name: 'dropreason.receiver.hook.attached',
    unit: '1',
    description: 'Whether a hook is attached to the kernel: 1 or 0.',
    kind: 'gauge',
    integer: true,
    attributes: {
      hook: '`kfree_skb`, `nested`, `nat`, `conntrack`, `connect` or `accept`',
      rung: '`fexit`, `kprobe`, `tracepoint`, `state`, or `none` where it is not attached',
      why: 'why it is not attached, or not on a better rung: see [Hook codes](#hook-codes); empty where there is nothing to say',
    },
  },
} as const satisfies Record<string, MetricDefinition>;

/** The receiver's work: on the endpoint for our own telemetry. */
export const RECEIVER = {
  reads: {
    name: 'dropreason.receiver.reads',
    unit: '{read}',
    description: "Reads of the kernel's counters.",
    kind: 'counter',
    integer: true,
    attributes: { receiver: 'id of the receiver' },
  },
  readDuration: {
    name: 'dropreason.receiver.read.duration',
    unit: 's',
    description: 'Time that a read took, from the maps until every pipeline had its batch.',
    kind: 'histogram',
    integer: false,
    attributes: { receiver: 'id of the receiver' },
    boundaries: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  rows: {
    name: 'dropreason.receiver.rows',
    unit: '{row}',
    description: 'Rows that the last read brought.',
    kind: 'gauge',
    integer: true,
    attributes: { receiver: 'id of the receiver' },
  },
  mapEntries: {
    name: 'dropreason.receiver.map.entries',
    unit: '{entry}',
    description: 'Entries in use in a map of the kernel.',
    kind: 'gauge',
    integer: true,
    attributes: { map: 'name of the map' },
  },
  mapCapacity: {
    name: 'dropreason.receiver.map.capacity',
    unit: '{entry}',
    description: 'Entries that a map of the kernel can hold.',
    kind: 'gauge',
    integer: true,
    attributes: { map: 'name of the map' },
  },
  unclassifiedReason: {
    name: 'dropreason.receiver.reason.unclassified',
    unit: '{drop}',
    description: "Drops for a reason whose name this release does not know, and so has no class for: a newer kernel's.",
    kind: 'counter',
    integer: true,
    attributes: { reason: 'the name, as the drop counters have it; absent until one was seen' },
  },
  accepted: {
    name: 'otelcol_receiver_accepted_metric_points',
    unit: '{datapoints}',
    description: 'Rows that the receiver passed to the pipelines.',
    kind: 'counter',
    integer: true,
    attributes: { receiver: 'id of the receiver' },
  },
} as const satisfies Record<string, MetricDefinition>;

/** The processors' work: on the endpoint for our own telemetry. */
export const PROCESSOR = {
  series: {
    name: 'dropreason.processor.series',
    unit: '{series}',
    description: 'Series that a processor has made of flows and that are published.',
    kind: 'gauge',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
  seriesEnded: {
    name: 'dropreason.processor.series.ended',
    unit: '{series}',
    description:
      'Series that have ended: their pods have, or no drops were added to them for `metric_expiration`, or busier series took their places.',
    kind: 'counter',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
  overflow: {
    name: 'dropreason.processor.overflow',
    unit: '{drop}',
    description:
      'Drops in overflow series: there was no room for their flow in the kernel, or for their series under `max_series`.',
    kind: 'counter',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
} as const satisfies Record<string, MetricDefinition>;

/** The processor k8s_attributes: on the endpoint for our own telemetry. */
export const K8S_ATTRIBUTES = {
  pending: {
    name: 'dropreason.processor.pending',
    unit: '{drop}',
    description: 'Drops of flows that wait for a pod that is not known yet.',
    kind: 'gauge',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
  pendingBytes: {
    name: 'dropreason.processor.pending.bytes',
    unit: 'By',
    description: 'Bytes of the drops that wait.',
    kind: 'gauge',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
  flowDrops: {
    name: 'dropreason.processor.flow.drops',
    unit: '{drop}',
    description: 'Drops by what became of their flows: published + pending + overflow = node.',
    kind: 'counter',
    integer: true,
    attributes: {
      processor: 'id of the processor',
      term: "`node`: of the node's rows, `published`: handed on with a flow, `overflow`: the kernel had no room for their flow",
    },
  },
  flowBytes: {
    name: 'dropreason.processor.flow.bytes',
    unit: 'By',
    description: 'Bytes of those drops: published + pending + overflow = node.',
    kind: 'counter',
    integer: true,
    attributes: { processor: 'id of the processor', term: 'as of `dropreason.processor.flow.drops`' },
  },
  unwaited: {
    name: 'dropreason.processor.unwaited',
    unit: '{drop}',
    description: 'Drops that were published without waiting for a pod, because 65,536 flows waited already.',
    kind: 'counter',
    integer: true,
    attributes: { processor: 'id of the processor' },
  },
  informerSynced: {
    name: 'dropreason.processor.informer.synced',
    unit: '1',
    description: "Whether the known state of a resource is in sync with the cluster's API: 1 or 0.",
    kind: 'gauge',
    integer: true,
    attributes: { processor: 'id of the processor', resource: '`pods`, `services`, …' },
  },
  informerAge: {
    name: 'dropreason.processor.informer.age',
    unit: 's',
    description: 'Time since the known state of a resource was last in sync; absent if it never was.',
    kind: 'gauge',
    integer: false,
    attributes: { processor: 'id of the processor', resource: '`pods`, `services`, …' },
  },
} as const satisfies Record<string, MetricDefinition>;

/** The exporters' work: on the endpoint for our own telemetry, under the Collector's names. */
export const EXPORTER = {
  sent: {
    name: 'otelcol_exporter_sent_metric_points',
    unit: '{datapoints}',
    description: 'Points that the destination took.',
    kind: 'counter',
    integer: true,
    attributes: { exporter: 'id of the exporter' },
  },
  sendFailed: {
    name: 'otelcol_exporter_send_failed_metric_points',
    unit: '{datapoints}',
    description:
      'Points that the destination rejected (OTLP partial success), and points of pushes that were given up; the next successful push includes their counts. Of `file`: flows that were lost. Of `debug`: series that were not printed.',
    kind: 'counter',
    integer: true,
    attributes: { exporter: 'id of the exporter' },
  },
} as const satisfies Record<string, MetricDefinition>;

/** What listens: on the endpoint for our own telemetry. */
export const HTTP = {
  refused: {
    name: 'dropreason.http.refused',
    unit: '{client}',
    description: 'Requests without valid credentials, which get status 401, and TLS handshakes that failed.',
    kind: 'counter',
    integer: true,
    attributes: {
      endpoint: 'what listens, such as `exporters::prometheus`; only with `auth` or `tls`',
      why: '`credentials` or `tls`',
    },
  },
} as const satisfies Record<string, MetricDefinition>;

/** The process: on the endpoint for our own telemetry, under the Collector's names. */
export const PROCESS = {
  uptime: {
    name: 'otelcol_process_uptime',
    unit: 's',
    description: 'Time since the process began.',
    kind: 'counter',
    integer: false,
    attributes: {},
  },
  cpuSeconds: {
    name: 'otelcol_process_cpu_seconds',
    unit: 's',
    description: 'CPU time of the process, user and system.',
    kind: 'counter',
    integer: false,
    attributes: {},
  },
  memoryRss: {
    name: 'otelcol_process_memory_rss',
    unit: 'By',
    description: 'Resident memory of the process.',
    kind: 'gauge',
    integer: true,
    attributes: {},
  },
  heapAlloc: {
    name: 'otelcol_process_runtime_heap_alloc_bytes',
    unit: 'By',
    description: 'Bytes of live and unswept objects on the JavaScript heap.',
    kind: 'gauge',
    integer: true,
    attributes: {},
  },
  heapSys: {
    name: 'otelcol_process_runtime_total_sys_memory_bytes',
    unit: 'By',
    description: 'Bytes that the runtime took from the system for the JavaScript heap and for buffers.',
    kind: 'gauge',
    integer: true,
    attributes: {},
  },
} as const satisfies Record<string, MetricDefinition>;

/** The agent's log: on the endpoint for our own telemetry. */
export const LOG = {
  lost: {
    name: 'dropreason.log.lost',
    unit: '{line}',
    description: 'Log lines that could not be written: the disk is full, or the reader of a pipe is slow or has gone away.',
    kind: 'counter',
    integer: true,
    attributes: { path: 'the output path' },
  },
} as const satisfies Record<string, MetricDefinition>;
