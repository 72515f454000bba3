import {
  COUNTING,
  DROPS,
  EXPORTER,
  HTTP,
  K8S_ATTRIBUTES,
  LOG,
  type MetricDefinition,
  POD_DROPS,
  PROCESS,
  PROCESSOR,
  RECEIVER,
  RETINA_DROPS,
  RETINA_POD_DROPS,
} from '../src/metrics/definitions.ts';
import { metricName } from '../src/publish/prometheus/names.ts';

const SECTIONS: readonly { title: string; intro: string; metrics: Record<string, MetricDefinition>; gauges?: boolean }[] = [
  { title: 'Drops', intro: 'Through every exporter with `metric_names: opentelemetry`, the default.', metrics: DROPS },
  {
    title: "Drops, by Retina's names",
    intro:
      'Through every exporter with `metric_names: retina`. Rows that become equal are summed. Prometheus sees gauges, as with Retina; over OTLP they are monotonic sums.',
    metrics: RETINA_DROPS,
    gauges: true,
  },
  {
    title: 'Drops by pod',
    intro:
      'From the processor `pod_drops`, through every exporter. With `context: remote` the attributes of each side have the prefix `source.` or `destination.`; `destination.port` is unchanged. Series begin and end with their pods.',
    metrics: POD_DROPS,
  },
  {
    title: "Drops by pod, by Retina's names",
    intro: 'The same, with `metric_names: retina`.',
    metrics: RETINA_POD_DROPS,
    gauges: true,
  },
  {
    title: 'Losses and hooks',
    intro: "Through every exporter, and on the agent's own endpoint.",
    metrics: COUNTING,
  },
  { title: 'The receiver', intro: "On the agent's own endpoint (`localhost:9465`).", metrics: RECEIVER },
  { title: 'The processors', intro: "On the agent's own endpoint.", metrics: PROCESSOR },
  { title: 'The processor k8s_attributes', intro: "On the agent's own endpoint.", metrics: K8S_ATTRIBUTES },
  { title: 'The exporters', intro: "On the agent's own endpoint.", metrics: EXPORTER },
  { title: 'The endpoints', intro: "On the agent's own endpoint.", metrics: HTTP },
  { title: 'The process', intro: "On the agent's own endpoint.", metrics: PROCESS },
  { title: 'The log', intro: "On the agent's own endpoint.", metrics: LOG },
];

/** The name that a Prometheus scrape shows. */
export function prometheusName({ name, kind }: Pick<MetricDefinition, 'name' | 'kind'>): string {
  const shown = metricName(name);
  return kind === 'counter' && !shown.endsWith('_total') ? `${shown}_total` : shown;
}

/** The tables of docs/metrics.md, in Markdown: one section for each source of metrics. */
export function renderMetricsTable(): string {
  return SECTIONS.map(({ title, intro, metrics, gauges = false }) => {
    const definitions = Object.values(metrics);
    const lines = definitions.map((definition) => {
      const shown = gauges ? ({ ...definition, kind: 'gauge' } as const) : definition;
      return `| \`${definition.name}\` | \`${prometheusName(shown)}\` | ${definition.kind} | \`${definition.unit}\` | ${definition.description} |`;
    });
    return [
      `## ${title}`,
      '',
      intro,
      '',
      '| metric | in a Prometheus scrape | kind | unit | meaning |',
      '|---|---|---|---|---|',
      ...lines,
      '',
      ...attributeTable(definitions),
    ].join('\n');
  }).join('\n');
}

function attributeTable(definitions: readonly MetricDefinition[]): string[] {
  const meanings = new Map<string, { meaning: string; of: string[] }>();
  for (const { name, attributes } of definitions) {
    for (const [attribute, meaning] of Object.entries(attributes)) {
      const known = meanings.get(attribute);
      if (known === undefined) meanings.set(attribute, { meaning, of: [name] });
      else known.of.push(name);
    }
  }
  if (meanings.size === 0) return [];
  const rows = [...meanings].map(([attribute, { meaning, of }]) => {
    const where = of.length === definitions.length ? 'all of these' : of.map((name) => `\`${name}\``).join(', ');
    return `| \`${attribute}\` | ${meaning} | ${where} |`;
  });
  return ['| attribute | meaning | metrics |', '|---|---|---|', ...rows, ''];
}
