import { type IgnoredKey, NO_SCOPE, only } from '../../component/ignored_key.ts';
import { SERVER_HINTS, SERVER_IGNORED } from '../../component/server_settings.ts';

/** What the Collector's prometheusexporter has besides. */
export const HINTS: Readonly<Record<string, string>> = {
  ...SERVER_HINTS,
  metric_expiration:
    'series end with what they count: set metric_expiration on pod_drops or flow_attributes, or attributes_expiration on the receiver',
};

export const IGNORED: Readonly<Record<string, string | IgnoredKey>> = {
  ...SERVER_IGNORED,
  sending_queue: 'scrapes are answered with the current counters, so nothing is queued',
  add_metric_suffixes: only(true, {
    why: 'names always have the suffix of their type',
    otherwise: 'names always have the suffix of their type, except with metric_names: retina',
  }),
  translation_strategy: only('UnderscoreEscapingWithSuffixes', {
    why: 'names are always written this way',
    otherwise: 'names are always written this way, except with metric_names: retina',
  }),
  without_scope_info: only(true, NO_SCOPE),
  send_timestamps: only(false, {
    why: 'a scrape reads the kernel, so values are of the time of the scrape',
    otherwise: 'a scrape reads the kernel, so values are of the time of the scrape, which Prometheus notes itself',
  }),
};
