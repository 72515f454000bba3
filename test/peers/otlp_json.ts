/** OTLP's number for cumulative sums (metrics.proto, AggregationTemporality). */
export const CUMULATIVE = 2;

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One point of a sum, as the Collector's file exporter writes it. */
export interface ReceivedPoint {
  readonly attributes: Attributes;
  /** Nanoseconds since the epoch. */
  readonly startTime: bigint;
  readonly time: bigint;
  /** The value where it is an integer on the wire; undefined where it is a double. */
  readonly value: number | undefined;
}

export interface ReceivedSum {
  readonly name: string;
  readonly unit: string;
  readonly monotonic: boolean;
  readonly temporality: number;
  readonly points: readonly ReceivedPoint[];
}

/** One push: a line of the file. */
export interface ReceivedExport {
  readonly resource: Attributes;
  readonly scopes: readonly string[];
  /** Its sums by name. Gauges and histograms are left out. */
  readonly sums: ReadonlyMap<string, ReceivedSum>;
}

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface Point {
  readonly attributes?: readonly KeyValue[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly asInt?: string;
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: {
    readonly aggregationTemporality?: number;
    readonly isMonotonic?: boolean;
    readonly dataPoints?: readonly Point[];
  };
}

interface Line {
  readonly resourceMetrics?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeMetrics?: readonly { readonly scope?: { readonly name?: string }; readonly metrics?: readonly Metric[] }[];
  }[];
}

/** What the file holds, but for a last line that is still being written. */
export function parseExports(text: string): ReceivedExport[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as Line).resourceMetrics ?? [])
    .map(({ resource, scopeMetrics = [] }) => ({
      resource: toAttributes(resource?.attributes),
      scopes: scopeMetrics.map(({ scope }) => scope?.name ?? ''),
      sums: new Map(scopeMetrics.flatMap(({ metrics = [] }) => metrics.flatMap(toSum)).map((sum) => [sum.name, sum])),
    }));
}

function toSum({ name, unit = '', sum }: Metric): ReceivedSum[] {
  if (sum === undefined) return [];
  const points = (sum.dataPoints ?? []).map((point) => ({
    attributes: toAttributes(point.attributes),
    startTime: BigInt(point.startTimeUnixNano ?? 0),
    time: BigInt(point.timeUnixNano ?? 0),
    value: point.asInt === undefined ? undefined : Number(point.asInt),
  }));
  return [{ name, unit, monotonic: sum.isMonotonic === true, temporality: sum.aggregationTemporality ?? 0, points }];
}

function toAttributes(list: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value;
      return [key, stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue ?? ''];
    }),
  );
}

/** The points with all of these attributes. */
export function pointsWith(sum: ReceivedSum | undefined, wanted: Attributes): ReceivedPoint[] {
  const names = Object.keys(wanted);
  return (sum?.points ?? []).filter(({ attributes }) => names.every((name) => attributes[name] === wanted[name]));
}
