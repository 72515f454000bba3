import { KINDS, type Kind } from './kinds.ts';
import type { Path } from './tree.ts';

const INTERVAL = 'counters are read and pushed once a collection_interval, so there is nothing to batch; remove it';
const FILTER = 'choose rows with the filter processor, or do it in the collector that receives them';
const DOWNSTREAM = 'push with otlp_grpc to an OpenTelemetry Collector that has it';
const OTHER_SOURCE = 'dropreason reads only the kernel; run an OpenTelemetry Collector beside it for other sources';
const NO_PROFILER = 'its own metrics are at service::telemetry::metrics; remove it';
const NO_AUTH = 'set headers or tls on the exporter instead';

/** What to do about a Collector component that isn't here, said instead of "unknown type". */
const COMPONENTS: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  receivers: {
    otlp: OTHER_SOURCE,
    prometheus: OTHER_SOURCE,
    hostmetrics: OTHER_SOURCE,
    host_metrics: OTHER_SOURCE,
    kubeletstats: OTHER_SOURCE,
    k8s_cluster: OTHER_SOURCE,
    k8s_events: OTHER_SOURCE,
    filelog: OTHER_SOURCE,
    file_log: OTHER_SOURCE,
    journald: OTHER_SOURCE,
    jaeger: OTHER_SOURCE,
    zipkin: OTHER_SOURCE,
    netflow: OTHER_SOURCE,
    nop: OTHER_SOURCE,
  },
  processors: {
    batch: INTERVAL,
    memory_limiter: 'the number of series is bounded by the number of reasons, and memory by it; remove it',
    attributes: FILTER,
    transform: FILTER,
    metricstransform: FILTER,
    metrics_transform: FILTER,
    groupbyattrs: FILTER,
    resource: 'set service::telemetry::resource, or OTEL_RESOURCE_ATTRIBUTES; remove it',
    resourcedetection: 'host.name, host.id, os.type and k8s.node.name are set already; remove it',
    resource_detection: 'host.name, host.id, os.type and k8s.node.name are set already; remove it',
    cumulativetodelta: 'exporters accumulate on their own; convert in the collector that receives them',
    deltatocumulative: 'exporters publish cumulative counters already; remove it',
    probabilistic_sampler: 'nothing is sampled: every drop is counted; remove it',
    tail_sampling: 'nothing is sampled: every drop is counted; remove it',
  },
  exporters: {
    logging: 'it is called debug now',
    otlphttp: 'use otlp_grpc',
    otlp_http: 'use otlp_grpc',
    prometheusremotewrite: `let Prometheus scrape the prometheus exporter, or ${DOWNSTREAM}`,
    prometheus_remote_write: `let Prometheus scrape the prometheus exporter, or ${DOWNSTREAM}`,
    kafka: DOWNSTREAM,
    datadog: DOWNSTREAM,
    loadbalancing: DOWNSTREAM,
    nop: 'use debug with verbosity: basic',
  },
  extensions: {
    pprof: NO_PROFILER,
    zpages: NO_PROFILER,
    memory_ballast: 'it is of no use outside Go; remove it',
    file_storage: 'counters are kept by the kernel, not in files; remove it',
    opamp: 'send SIGHUP after changing the file',
    basicauth: NO_AUTH,
    bearertokenauth: NO_AUTH,
    oauth2client: NO_AUTH,
    healthcheckv2: 'use health_check',
    health_check_v2: 'use health_check',
  },
};

const ALIASES: Readonly<Record<string, string>> = { k8sattributes: 'k8s_attributes' };

const FLOWS_ALONE = 'a flow has two addresses and nothing else to tell pods by; remove it';
const LABELS_ALONE = 'labels alone can be extracted';

/** The same keys of everything that listens. */
const LISTENERS = [
  'exporters::prometheus',
  'extensions::health_check',
  'service::telemetry::metrics::readers::pull::exporter::prometheus',
];

/** What the Collector's confighttp has besides component/server_settings.ts. */
const SERVER_KEYS: Readonly<Record<string, string>> = {
  max_request_body_size: 'bodies of requests are not read; remove it',
  include_metadata: 'nothing of a request is handed on; remove it',
  compression_algorithms:
    'answers are compressed with gzip for clients that accept it, bodies of requests are not read; remove it',
  response_headers: 'put a proxy before it that adds headers',
  cors: 'put a proxy before it for pages of other origins',
  middlewares: 'there are no middlewares; remove it',
};

/** Keys that Collector users write and that have no meaning here; of a component under its type, without indices of lists. */
const KEYS: Readonly<Record<string, string>> = {
  'processors::k8s_attributes::passthrough': 'flows have their addresses already; remove it, or leave the processor out',
  'processors::k8s_attributes::pod_association': FLOWS_ALONE,
  'processors::k8s_attributes::exclude': "leave pods out with pod_drops' namespaces, or with the filter processor",
  'processors::k8s_attributes::context': 'the current-context of the kubeconfig is taken; see kubectl config use-context',
  'processors::k8s_attributes::kube_config_path': 'set the environment variable KUBECONFIG',
  'processors::k8s_attributes::watch_sync_period': 'what is known is kept in step by watching alone; remove it',
  'processors::k8s_attributes::filter::fields': 'filter by node, namespace or labels',
  'processors::k8s_attributes::extract::annotations': `${LABELS_ALONE}; the annotation retina.sh is known to pod_drops without it`,
  'processors::k8s_attributes::extract::otel_annotations': LABELS_ALONE,
  'processors::k8s_attributes::extract::service_attributes':
    'k8s.service.name is the service by whose address a pod is reached; remove it',
  'processors::k8s_attributes::extract::deployment_name_from_replicaset':
    'the name of a ReplicaSet is asked only where the ReplicaSet is not known; remove it',
  'processors::k8s_attributes::extract::labels::key_regex': 'each label makes series of its own: name it with key',
  'processors::k8s_attributes::extract::labels::regex': 'the whole value is told; remove it',
  'exporters::file::format': 'what is written is JSON lines; remove it',
  'exporters::file::compression': 'what is written is not compressed; remove it',
  'exporters::file::append': 'lines are added to a file that is there; remove it',
  'exporters::file::flush_interval': 'lines are written when flows are read; remove it',
  'exporters::file::rotation::max_days': 'files set aside are kept by their number: set max_backups',
  connectors: 'there are no connectors; remove it',
  'service::telemetry::traces': 'dropreason makes no traces; remove it',
  'service::telemetry::metrics::address': 'write readers: [{pull: {exporter: {prometheus: {host, port}}}}]',
  'service::telemetry::metrics::views': 'every own metric is published; remove it',
  ...Object.fromEntries(LISTENERS.flatMap((path) => Object.entries(SERVER_KEYS).map(([key, hint]) => [`${path}::${key}`, hint]))),
};

/** Why the Collector's component `type` isn't here and what to do, or undefined where it isn't one that is known. */
export function componentHint(kind: Kind, type: string): string | undefined {
  return Object.hasOwn(COMPONENTS[kind], type) ? COMPONENTS[kind][type] : undefined;
}

/** What to do about a key that the Collector has and that isn't here, or undefined. */
export function keyHint(path: Path): string | undefined {
  const [kind, id, ...rest] = path;
  const isOfComponent = (KINDS as readonly unknown[]).includes(kind) && typeof id === 'string';
  const type = isOfComponent ? (id.split('/')[0] ?? id) : id;
  const steps = isOfComponent ? [kind, ALIASES[type as string] ?? type, ...rest] : path;
  const joined = steps.filter((step) => typeof step === 'string').join('::');
  return Object.hasOwn(KEYS, joined) ? KEYS[joined] : undefined;
}
