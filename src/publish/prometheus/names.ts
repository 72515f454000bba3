/**
 * Names as Prometheus' text format allows them, by the rules of OpenTelemetry's Prometheus compatibility specification: what
 * is not allowed becomes `_`, several of them become one, and a name that begins with a digit gets one before it.
 */
function legal(name: string): string {
  const shown = name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
  return /^[a-z_]/i.test(shown) ? shown : `_${shown}`;
}

/** A metric's name, without the suffix of its kind. Colons are for recording rules, so they are replaced too. */
export function metricName(name: string): string {
  return legal(name);
}

/**
 * An attribute's name as a label. `le` and `quantile` belong to histograms and summaries: an attribute with that name gets the prefix that
 * Prometheus uses for labels it reserves. Names that start with `__` are reserved by Prometheus too, and are never returned. `job` and
 * `instance` are kept: a scrape renames them to `exported_job` and `exported_instance`, unless
 * `honor_labels` is set.
 */
export function labelName(name: string): string {
  let label = labels.get(name);
  if (label === undefined) {
    const shown = legal(name);
    label = RESERVED.has(shown) ? `exported_${shown}` : shown;
    // Usually there are some dozens. With thousands of names the cache is useless.
    if (labels.size >= MOST) labels.clear();
    labels.set(name, label);
  }
  return label;
}

/** Cached names, because every series has the same ones. */
const labels = new Map<string, string>();
const MOST = 1000;

const RESERVED: ReadonlySet<string> = new Set(['le', 'quantile']);
