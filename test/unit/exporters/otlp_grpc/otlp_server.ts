import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';

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

export interface WireRequest {
  readonly resource: Record<string, string | number>;
  readonly scope: string;
  readonly points: readonly WirePoint[];
  readonly metadata: Metadata;
  /** Address and port of the connection's other end. */
  readonly peer: string;
  /** By performance.now(). */
  readonly receivedMillis: number;
}

/**
 * What to answer: nothing is success, bytes are the answer's, a number is a gRPC code, which may come with a
 * google.rpc.Status, `hang` never answers.
 */
export type Answer = number | 'hang' | undefined | Uint8Array | { readonly code: number; readonly status: Uint8Array };

/** A gRPC server that takes OTLP metrics, decodes them and answers as it is told. */
export class OtlpServer {
  readonly requests: WireRequest[] = [];
  answer: Answer;
  /** More points than this in one message are answered as grpc-go does when a message is beyond its limit. */
  mostPoints = Number.POSITIVE_INFINITY;
  readonly #server = new Server();
  port = 0;

  async start(credentials: ServerCredentials = ServerCredentials.createInsecure(), port = 0): Promise<this> {
    this.#server.addService(
      {
        export: {
          path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
          requestStream: false,
          responseStream: false,
          requestSerialize: (bytes: Buffer) => bytes,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (bytes: Buffer) => bytes,
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        export: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
          const request = { ...decode(call.request, call.metadata), peer: call.getPeer() };
          this.requests.push(request);
          if (request.points.length > this.mostPoints) {
            reply({ code: status.RESOURCE_EXHAUSTED, details: 'grpc: received message larger than max (5000000 vs. 4194304)' });
            return;
          }
          const { answer } = this;
          if (answer === 'hang') return;
          if (answer === undefined) reply(null, Buffer.alloc(0));
          else if (answer instanceof Uint8Array) reply(null, Buffer.from(answer));
          else if (typeof answer === 'number') reply({ code: answer, details: 'told to fail' });
          else {
            const metadata = new Metadata();
            metadata.set('grpc-status-details-bin', Buffer.from(answer.status));
            reply({ code: answer.code, details: 'told to fail', metadata });
          }
        },
      },
    );
    this.port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
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

function decode(bytes: Buffer, metadata: Metadata): Omit<WireRequest, 'peer'> {
  const resourceMetrics = messages(parse(bytes), 1)[0] as Message;
  const scopes = messages(resourceMetrics, 2);
  const points = scopes.flatMap((scope) => messages(scope, 2)).flatMap((metric) => metricPoints(metric));
  return {
    resource: attributes(messages(resourceMetrics, 1)[0] as Message, 1),
    scope: scopes.map((scope) => text(messages(scope, 1)[0] as Message, 1)).join(),
    points,
    metadata,
    receivedMillis: performance.now(),
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
