/** One data point as it came over the wire. */
export interface WirePoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: 'sum' | 'gauge';
  /** 2 is cumulative. */
  readonly temporality: number;
  readonly monotonic: boolean;
  readonly attributes: Record<string, string | number>;
  readonly startMillis: number;
  readonly timeMillis: number;
  /** Undefined where the value is no integer. */
  readonly value: number | undefined;
}

export interface WireMessage {
  readonly resource: Record<string, string | number>;
  readonly scope: string;
  readonly points: readonly WirePoint[];
}

type Field = bigint | Buffer;
type Message = Map<number, Field[]>;

/** Fields of a protobuf message by number; fixed64 and varint as bigint. */
function parse(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    let field: Field;
    if ((tag & 7) === 0) field = varint();
    else if ((tag & 7) === 1) {
      field = bytes.readBigInt64LE(at);
      at += 8;
    } else {
      const length = Number(varint());
      field = bytes.subarray(at, at + length);
      at += length;
    }
    message.set(tag >> 3, [...(message.get(tag >> 3) ?? []), field]);
  }
  return message;
}

const messages = (message: Message, field: number) => (message.get(field) ?? []).map((bytes) => parse(bytes as Buffer));
const text = (message: Message, field: number) => (message.get(field)?.[0] ?? '').toString();
const number = (message: Message, field: number) => Number(message.get(field)?.[0] ?? 0);

function attributes(message: Message, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = messages(pair, 2)[0] as Message;
      return [text(pair, 1), value.has(3) ? number(value, 3) : text(value, 1)];
    }),
  );
}

/** An ExportMetricsServiceRequest of one resource. */
export function decode(bytes: Buffer): WireMessage {
  const resourceMetrics = messages(parse(bytes), 1)[0] as Message;
  const scopes = messages(resourceMetrics, 2);
  const points = scopes.flatMap((scope) => messages(scope, 2)).flatMap((metric) => metricPoints(metric));
  return {
    resource: attributes(messages(resourceMetrics, 1)[0] as Message, 1),
    scope: scopes.map((scope) => text(messages(scope, 1)[0] as Message, 1)).join(),
    points,
  };
}

function metricPoints(metric: Message): WirePoint[] {
  const kind = metric.has(7) ? 'sum' : 'gauge';
  const data = messages(metric, kind === 'sum' ? 7 : 5)[0] as Message;
  return messages(data, 1).map((point) => ({
    metric: text(metric, 1),
    unit: text(metric, 3),
    kind,
    temporality: number(data, 2),
    monotonic: number(data, 3) === 1,
    attributes: attributes(point, 7),
    startMillis: number(point, 2) / 1e6,
    timeMillis: number(point, 3) / 1e6,
    value: point.has(6) ? number(point, 6) : undefined,
  }));
}
