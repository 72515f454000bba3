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
 * An attribute's name as a label. `le` and `quantile` belong to histograms and summaries: an attribute of that name gets the
 * prefix that Prometheus gives to labels which it needs for itself. Names with `__` before them are Prometheus' own too, and
 * can't come out of this. `job` and `instance` stay: a scrape renames them to `exported_job` and `exported_instance`, unless
 * `honor_labels` says that they are meant.
 */
export function labelName(name: string): string {
  let label = labels.get(name);
  if (label === undefined) {
    const shown = legal(name);
    label = RESERVED.has(shown) ? `exported_${shown}` : shown;
    // There are some dozens; whoever writes thousands of names has no use for what is known.
    if (labels.size >= MOST) labels.clear();
    labels.set(name, label);
  }
  return label;
}

/** Those that were asked for: each series has the same. */
const labels = new Map<string, string>();
const MOST = 1000;

const RESERVED: ReadonlySet<string> = new Set(['le', 'quantile']);
