import { readFile } from 'node:fs/promises';
import { type ChannelCredentials, credentials, Metadata, status } from '@grpc/grpc-js';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { ComponentError } from '../../component/errors.ts';
import type { OtlpGrpcConfig } from './config.ts';

/** What became of one attempt. */
export type SendResult =
  | { readonly status: 'sent' }
  | { readonly status: 'retryable'; readonly why: string }
  | { readonly status: 'refused'; readonly why: string };

/** Codes that the OTLP specification lets a client retry. RESOURCE_EXHAUSTED counts where the server says when: it doesn't reach us. */
const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** The SDK's OTLP/gRPC exporter, with a result for each attempt. */
export class OtlpClient {
  readonly #exporter: OTLPMetricExporter;

  private constructor(exporter: OTLPMetricExporter) {
    this.#exporter = exporter;
  }

  /** @throws ComponentError where a file of `tls` can't be read or used. Connects at the first attempt only. */
  static async create(config: OtlpGrpcConfig, version: string): Promise<OtlpClient> {
    const channelCredentials = await makeCredentials(config);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(config.headers)) metadata.set(name, value.reveal());
    const options = {
      // The scheme matters for parsing alone; with http:// the SDK's URL would lose port 80, and gRPC then takes 443.
      url: `https://${config.endpoint.address}`,
      credentials: channelCredentials,
      metadata,
      compression: config.compression,
      timeoutMillis: config.timeout,
      userAgent: `dropreason/${version}`,
    };
    type Options = NonNullable<ConstructorParameters<typeof OTLPMetricExporter>[0]>;
    return new OtlpClient(withoutEnvironment(() => new OTLPMetricExporter(options as Options)));
  }

  /** One attempt; resolves within the configured timeout and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult> {
    return new Promise((resolve) => {
      this.#exporter.export(metrics, ({ code, error }) => {
        resolve(code === ExportResultCode.SUCCESS ? { status: 'sent' } : failure(error));
      });
    });
  }

  /** Closes the connection once nothing is under way. */
  close(): void {
    this.#exporter.shutdown().catch(() => undefined);
  }
}

function failure(error: (Error & { code?: unknown }) | undefined): SendResult {
  const code = typeof error?.code === 'number' ? error.code : undefined;
  return { status: code !== undefined && RETRYABLE.has(code) ? 'retryable' : 'refused', why: error?.message ?? 'unknown error' };
}

async function makeCredentials({ endpoint, tls }: OtlpGrpcConfig): Promise<ChannelCredentials> {
  if (endpoint.scheme === 'http' || (tls.insecure && endpoint.scheme !== 'https')) return credentials.createInsecure();
  const [root, key, certificate] = await Promise.all([
    readPem('ca_file', tls.ca_file),
    readPem('key_file', tls.key_file),
    readPem('cert_file', tls.cert_file),
  ]);
  const verify = tls.insecure_skip_verify ? { rejectUnauthorized: false, checkServerIdentity: () => undefined } : {};
  try {
    return credentials.createSsl(root, key, certificate, verify);
  } catch (error) {
    throw new ComponentError(`tls: the certificates can't be used: ${(error as Error).message}`);
  }
}

async function readPem(key: string, path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new ComponentError(`tls::${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

/** The SDK's exporter takes headers and more from OTEL_EXPORTER_OTLP_*; here the YAML file alone says what is sent. */
function withoutEnvironment<T>(make: () => T): T {
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith('OTEL_EXPORTER_OTLP_'));
  for (const [name] of hidden) delete process.env[name];
  try {
    return make();
  } finally {
    for (const [name, value] of hidden) process.env[name] = value;
  }
}
