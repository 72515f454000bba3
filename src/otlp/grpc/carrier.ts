import { type ChannelOptions, Client, compressionAlgorithms, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import type { ClientAuthenticator } from '../../component/authenticator.ts';
import { SentSecrets } from '../../component/sent_secrets.ts';
import { clientMaterial, type TlsMaterial } from '../../tls/tls_material.ts';
import { readAnswer } from '../answer.ts';
import type { Carrier } from '../carrier.ts';
import { retryDelay } from '../rpc_status.ts';
import { type FailedResult, type SendResult, withoutSecrets } from '../send_result.ts';
import { type GrpcClientSettings, usesTls } from './client_settings.ts';
import { makeCredentials } from './credentials.ts';

const PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** The connection is replaced after so many consecutive attempts without a response, because it may be half open. */
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

/** Codes that are not about the message: it was not looked at. */
const ABOUT_THE_SENDER: ReadonlySet<number> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.NOT_FOUND,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED,
]);

/** The library's message where a stream was broken off, with the code INTERNAL. No server has answered. */
const BROKEN_OFF = /^Received RST_STREAM with code/;

/** Messages of gRPC servers about a message beyond their limit (4 MiB by default): Go, Node.js, C++ and Java. */
const TOO_LARGE = /larger than max|exceeds maximum size/i;

/** The server may want another certificate, or other credentials. */
const REFUSED: readonly number[] = [status.UNAVAILABLE, status.UNAUTHENTICATED, status.PERMISSION_DENIED];

/** OTLP over gRPC. docs/adr/0014-otlp-over-grpc-without-the-sdks-exporter.md explains why it doesn't use the SDK's exporter. */
export class GrpcCarrier implements Carrier {
  readonly #config: GrpcClientSettings;
  readonly #material: TlsMaterial | undefined;
  readonly #login: ClientAuthenticator | undefined;
  readonly #metadata = new Metadata();
  readonly #options: ChannelOptions;
  readonly #secrets: SentSecrets;
  #client: Client;
  #unanswered = 0;

  private constructor(config: GrpcClientSettings, version: string, material?: TlsMaterial, login?: ClientAuthenticator) {
    this.#config = config;
    this.#material = material;
    this.#login = login;
    for (const [name, value] of Object.entries(config.headers)) this.#metadata.set(name, value.reveal());
    this.#secrets = new SentSecrets(Object.values(config.headers).map((value) => value.reveal()));
    this.#options = channelOptions(config, version);
    this.#client = this.#connect();
  }

  /** @throws ComponentError if a file of `tls` can't be read or used. Connects at the first attempt. */
  static async create(
    config: GrpcClientSettings,
    logger: Logger,
    version: string,
    login?: ClientAuthenticator,
  ): Promise<GrpcCarrier> {
    const material = usesTls(config) ? await clientMaterial(config.tls, logger) : undefined;
    return new GrpcCarrier(config, version, material, login);
  }

  async send(metrics: ResourceMetrics): Promise<SendResult> {
    if (await this.#material?.refresh()) this.#reconnect();
    const metadata = await this.#metadataNow();
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest<ResourceMetrics, Buffer>(
        PATH,
        serialize,
        (answer) => answer,
        metrics,
        metadata,
        { deadline: Date.now() + this.#config.timeout },
        (error, answer) => {
          if (error !== null && REFUSED.includes(error.code)) this.#suspect();
          this.#reconnectWhereUnanswered(error);
          const result = error === null ? readAnswer(answer ?? Buffer.alloc(0)) : failure(error);
          resolve(withoutSecrets(result, this.#secrets));
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }

  async #metadataNow(): Promise<Metadata> {
    const credentials = await this.#login?.credentials();
    if (credentials === undefined) return this.#metadata;
    this.#secrets.login = credentials.value;
    const metadata = this.#metadata.clone();
    metadata.set(credentials.name, credentials.value);
    return metadata;
  }

  #suspect(): void {
    this.#material?.suspect();
    this.#login?.suspect();
  }

  #reconnectWhereUnanswered(error: ServiceError | null): void {
    this.#unanswered = error?.code === status.DEADLINE_EXCEEDED ? this.#unanswered + 1 : 0;
    if (this.#unanswered <= MOST_UNANSWERED) return;
    this.#unanswered = 0;
    this.#reconnect();
  }

  #reconnect(): void {
    this.#client.close();
    this.#client = this.#connect();
  }

  #connect(): Client {
    const { address } = this.#config.endpoint;
    // With gRPC's scheme. Otherwise a host called "unix" would be treated as a scheme.
    const target = address.startsWith('unix:') ? address : `dns:${address}`;
    return new Client(target, makeCredentials(this.#material, this.#config), this.#options);
  }
}

function channelOptions(
  { compression, balancer_name, authority, keepalive, tls }: GrpcClientSettings,
  version: string,
): ChannelOptions {
  return {
    'grpc.default_compression_algorithm': compressionAlgorithms[compression === 'gzip' ? 'gzip' : 'identity'],
    'grpc.primary_user_agent': `dropreason/${version}`,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [balancer_name]: {} }] }),
    ...(authority !== undefined && { 'grpc.default_authority': authority }),
    ...(tls.server_name_override !== undefined && { 'grpc.ssl_target_name_override': tls.server_name_override }),
    ...(keepalive !== undefined && {
      'grpc.keepalive_time_ms': keepalive.time,
      'grpc.keepalive_timeout_ms': keepalive.timeout,
      'grpc.keepalive_permit_without_calls': keepalive.permit_without_stream ? 1 : 0,
    }),
  };
}

function serialize(metrics: ResourceMetrics): Buffer {
  const { buffer, byteOffset, byteLength } = ProtobufMetricsSerializer.serializeRequest(metrics) as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** If the message of a response can't be decompressed, the library reports neither a code nor a reason. */
function failure({ code, message = '', details = '', metadata }: Partial<ServiceError>): FailedResult {
  if (code === undefined) {
    return { status: 'refused', about: 'message', cause: 'undecodable answer', why: "the answer can't be read as gRPC" };
  }
  const delays = metadata?.get('grpc-status-details-bin').map((details) => retryDelay(Buffer.from(details)));
  const waitMillis = delays?.find((delay) => delay !== undefined);
  const isUnanswered = code === status.INTERNAL && BROKEN_OFF.test(details);
  const retryable = RETRYABLE.has(code) || isUnanswered || (code === status.RESOURCE_EXHAUSTED && waitMillis !== undefined);
  if (code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(message)) return { status: 'too_large', why: message };
  if (!retryable) {
    const about = ABOUT_THE_SENDER.has(code) ? 'sender' : 'message';
    return { status: 'refused', about, cause: status[code], why: message };
  }
  if (waitMillis === undefined) return { status: 'retryable', why: message };
  return { status: 'retryable', why: `${message} (the server asks to wait ${waitMillis / 1000} s)`, waitMillis };
}
