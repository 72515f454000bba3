import { type IgnoredKey, NO_SCOPE, only } from '../component/ignored_key.ts';
import { SERVER_HINTS, SERVER_IGNORED } from '../component/server_settings.ts';
import type { Kind } from './kinds.ts';
import { PERIODIC_HINTS } from './periodic_reader.ts';

const ATTRIBUTES =
  'set or delete attributes with the attributes processor, choose rows with filter, or do it in the collector that receives them';
const DOWNSTREAM = 'push with otlp_grpc to an OpenTelemetry Collector that has it';
const OTHER_SOURCE = 'dropreason reads only the kernel; use an OpenTelemetry Collector for other sources';
const NO_PROFILER = 'the metrics of the agent are at service::telemetry::metrics; remove it';
const NO_AUTH = 'use bearertokenauth, basicauth, or tls with a client certificate';

const TO_DELTA = 'set temporality: delta on otlp_grpc or otlp_http; remove it';
const TO_CUMULATIVE = 'exporters publish cumulative counters already; remove it';

const DETECTED =
  'host.name, host.id, os.type and k8s.node.name are set already, and OTEL_RESOURCE_ATTRIBUTES is read; the processor resource sets others';

/** Collector components that are in most pipelines and have no effect here, with the reason. They are left out, with a warning. */
const IGNORED: Readonly<Partial<Record<Kind, Readonly<Record<string, string>>>>> = {
  processors: {
    batch: 'counters are read and pushed once a collection_interval, so there is nothing to batch',
    memory_limiter: 'memory is bounded by the number of series, which max_series and the number of reasons limit',
    resourcedetection: DETECTED,
    resource_detection: DETECTED,
  },
};

/** What to do about Collector components that don't exist here. Replaces the message "unknown type". */
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
    transform: ATTRIBUTES,
    metricstransform: ATTRIBUTES,
    metrics_transform: ATTRIBUTES,
    groupbyattrs: ATTRIBUTES,
    cumulativetodelta: TO_DELTA,
    cumulative_to_delta: TO_DELTA,
    deltatocumulative: TO_CUMULATIVE,
    delta_to_cumulative: TO_CUMULATIVE,
    probabilistic_sampler: 'nothing is sampled: every drop is counted; remove it',
    tail_sampling: 'nothing is sampled: every drop is counted; remove it',
  },
  exporters: {
    logging: 'it is now called debug',
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
    memory_ballast: 'it has no effect outside Go; remove it',
    file_storage: 'the kernel keeps the counters, not files; remove it',
    opamp: 'send SIGHUP after changing the file',
    oauth2client: NO_AUTH,
    healthcheckv2: 'use health_check',
    health_check_v2: 'use health_check',
  },
};

/** Top-level keys of the Collector that have no meaning here. */
const ROOT_KEYS: Readonly<Record<string, string>> = {
  connectors: 'connectors are not supported; remove it',
};

const PULL = 'telemetry::metrics::readers::pull::exporter::prometheus';

const PULL_HINTS = {
  with_resource_constant_labels: 'the resource is in target_info; join it, or relabel in Prometheus',
} as const;

/** Keys of that reader which say what happens anyway. */
const PULL_IGNORED = {
  without_scope_info: only(true, NO_SCOPE),
  without_units: only(true, { why: 'names have no units', otherwise: 'names have no units; remove it' }),
  without_type_suffix: only(false, {
    why: 'names have the suffix of their type',
    otherwise: 'names have the suffix of their type; remove it',
  }),
} as const;

/** The same for the section `service`, with paths below it and without list indices. */
export const SERVICE_HINTS: Readonly<Record<string, string>> = {
  'telemetry::traces': 'dropreason emits no traces; remove it',
  'telemetry::metrics::address': 'write readers: [{pull: {exporter: {prometheus: {host, port}}}}]',
  'telemetry::metrics::views': 'all metrics of the agent are published; remove it',
  ...PERIODIC_HINTS,
  ...Object.fromEntries(Object.entries({ ...SERVER_HINTS, ...PULL_HINTS }).map(([key, hint]) => [`${PULL}::${key}`, hint])),
};

/** Keys of the section `service` that have no effect, likewise. */
export const SERVICE_IGNORED: Readonly<Record<string, string | IgnoredKey>> = Object.fromEntries(
  Object.entries({ ...SERVER_IGNORED, ...PULL_IGNORED }).map(([key, how]) => [`${PULL}::${key}`, how]),
);

/** What to do about the Collector's component `type`, which doesn't exist here; undefined if the type is unknown. */
export function componentHint(kind: Kind, type: string): string | undefined {
  return Object.hasOwn(COMPONENTS[kind], type) ? COMPONENTS[kind][type] : undefined;
}

/** Why a Collector component has no effect here; undefined if it isn't one of those that are ignored. */
export function ignoredComponent(kind: Kind, type: string): string | undefined {
  const all = IGNORED[kind] ?? {};
  return Object.hasOwn(all, type) ? all[type] : undefined;
}

/** What to do about a top-level key of the Collector, which doesn't exist here; undefined if the key is unknown. */
export function rootHint(key: string): string | undefined {
  return Object.hasOwn(ROOT_KEYS, key) ? ROOT_KEYS[key] : undefined;
}
