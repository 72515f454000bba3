import { Client, compressionAlgorithms, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { readAnswer } from '../../otlp/answer.ts';
import type { Carrier } from '../../otlp/carrier.ts';
import { retryDelay } from '../../otlp/rpc_status.ts';
import type { FailedResult, SendResult } from '../../otlp/send_result.ts';
import type { OtlpGrpcConfig } from './config.ts';
import { makeCredentials } from './credentials.ts';

const PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** After so many attempts in a row without an answer the connection is made anew: it may be half open. */
const MOST_UNANSWERED = 5;

/** Codes that the OTLP specification lets a client retry, and RESOURCE_EXHAUSTED only with a RetryInfo. */
const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** What gRPC's servers say of a message beyond their limit (4 MiB by default): those of Go, Node.js, C++ and Java. */
const TOO_LARGE = /larger than max|exceeds maximum size/i;

/** OTLP over gRPC; docs/adr/0014-otlp-over-grpc-without-the-sdks-exporter.md says why without the SDK's exporter. */
export class GrpcCarrier implements Carrier {
  readonly #connect: () => Client;
  readonly #metadata: Metadata;
  readonly #timeoutMillis: number;
  #client: Client;
  #unanswered = 0;
  /** The attempt under way, or the last one. */
  #attempt: Promise<unknown> = Promise.resolve();

  private constructor(connect: () => Client, metadata: Metadata, timeoutMillis: number) {
    this.#connect = connect;
    this.#client = connect();
    this.#metadata = metadata;
    this.#timeoutMillis = timeoutMillis;
  }

  /** @throws ComponentError where a file of `tls` can't be read or used. Connects at the first attempt only. */
  static async create(config: OtlpGrpcConfig, version: string): Promise<GrpcCarrier> {
    const channelCredentials = await makeCredentials(config);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(config.headers)) metadata.set(name, value.reveal());
    const options = {
      'grpc.default_compression_algorithm': compressionAlgorithms[config.compression === 'gzip' ? 'gzip' : 'identity'],
      'grpc.primary_user_agent': `dropreason/${version}`,
    };
    // The scheme of gRPC's names: without it a host called "unix" would be taken for one.
    const target = `dns:${config.endpoint.address}`;
    return new GrpcCarrier(() => new Client(target, channelCredentials, options), metadata, config.timeout);
  }

  /** One attempt at a time; resolves within the configured timeout and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult> {
    const attempt = new Promise<SendResult>((resolve) => {
      this.#client.makeUnaryRequest<ResourceMetrics, Buffer>(
        PATH,
        serialize,
        (answer) => answer,
        metrics,
        this.#metadata,
        { deadline: Date.now() + this.#timeoutMillis },
        (error, answer) => {
          this.#reconnectWhereUnanswered(error);
          resolve(error === null ? readAnswer(answer ?? Buffer.alloc(0)) : failure(error));
        },
      );
    });
    this.#attempt = attempt;
    return attempt;
  }

  /** Closes the connection once nothing is under way. */
  close(): void {
    void this.#attempt.then(() => this.#client.close());
  }

  #reconnectWhereUnanswered(error: ServiceError | null): void {
    this.#unanswered = error?.code === status.DEADLINE_EXCEEDED ? this.#unanswered + 1 : 0;
    if (this.#unanswered <= MOST_UNANSWERED) return;
    this.#unanswered = 0;
    this.#client.close();
    this.#client = this.#connect();
  }
}

function serialize(metrics: ResourceMetrics): Buffer {
  const { buffer, byteOffset, byteLength } = ProtobufMetricsSerializer.serializeRequest(metrics) as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Of an answer whose message can't be decompressed the library tells nothing, neither a code nor why. */
function failure({ code, message = '', metadata }: Partial<ServiceError>): FailedResult {
  if (code === undefined) return { status: 'refused', cause: 'undecodable answer', why: "the answer can't be read as gRPC" };
  const delays = metadata?.get('grpc-status-details-bin').map((details) => retryDelay(Buffer.from(details)));
  const waitMillis = delays?.find((delay) => delay !== undefined);
  const retryable = RETRYABLE.has(code) || (code === status.RESOURCE_EXHAUSTED && waitMillis !== undefined);
  if (code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(message)) return { status: 'too_large', why: message };
  if (!retryable) return { status: 'refused', cause: status[code], why: message };
  if (waitMillis === undefined) return { status: 'retryable', why: message };
  return { status: 'retryable', why: `${message} (the server asks to wait ${waitMillis / 1000} s)`, waitMillis };
}
