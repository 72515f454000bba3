import * as http from 'node:http';
import * as https from 'node:https';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import type { ClientAuthenticator } from '../../component/authenticator.ts';
import { beginningOf } from '../../component/beginning_of.ts';
import { reasonOf } from '../../component/reason_of.ts';
import { SentSecrets } from '../../component/sent_secrets.ts';
import { clientMaterial, type TlsMaterial } from '../../tls/tls_material.ts';
import type { Carrier } from '../carrier.ts';
import type { SendResult } from '../send_result.ts';
import { type HttpAnswer, readHttpAnswer } from './answer.ts';
import { type HttpClientSettings, targetOf } from './client_settings.ts';

/** More of an answer is not read. */
const MOST_BYTES = 65_536;

const COMPRESS = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };

/** The server may want another certificate, or other credentials. */
const REFUSED = [401, 403];

/** What a server that has closed an idle connection makes of the next request on it. */
const CLOSED = ['ECONNRESET', 'EPIPE'];

/** OTLP over HTTP/1.1, one request at a time over a persistent connection. docs/adr/0014 explains why it doesn't use the SDK's exporter. */
export class HttpCarrier implements Carrier {
  readonly #config: HttpClientSettings;
  readonly #material: TlsMaterial | undefined;
  readonly #login: ClientAuthenticator | undefined;
  readonly #target: URL;
  readonly #headers: http.OutgoingHttpHeaders;
  readonly #secrets: SentSecrets;
  #agent: http.Agent;

  private constructor(config: HttpClientSettings, version: string, material?: TlsMaterial, login?: ClientAuthenticator) {
    this.#config = config;
    this.#material = material;
    this.#login = login;
    this.#target = targetOf(config);
    this.#agent = this.#newAgent();
    const own = Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]);
    this.#secrets = new SentSecrets(own.map(([, value]) => value as string));
    this.#headers = {
      'user-agent': `dropreason/${version}`,
      ...Object.fromEntries(own),
      'content-type': config.encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      ...(config.compression === 'none' ? {} : { 'content-encoding': config.compression }),
    };
  }

  /** @throws ComponentError if a file of `tls` can't be read or used. Connects at the first attempt. */
  static async create(
    config: HttpClientSettings,
    logger: Logger,
    version: string,
    login?: ClientAuthenticator,
  ): Promise<HttpCarrier> {
    const material = targetOf(config).protocol === 'https:' ? await clientMaterial(config.tls, logger) : undefined;
    return new HttpCarrier(config, version, material, login);
  }

  async send(metrics: ResourceMetrics): Promise<SendResult> {
    if (await this.#material?.refresh()) this.#reconnect();
    const signal = AbortSignal.timeout(this.#config.timeout);
    try {
      const body = await this.#write(metrics);
      const answer = await this.#post(body, signal).catch((error) => this.#again(error, body, signal));
      if (REFUSED.includes(answer.status)) this.#suspect();
      return readHttpAnswer(answer, this.#secrets);
    } catch (error) {
      this.#material?.suspect();
      return { status: 'retryable', why: signal.aborted ? `no answer within ${this.#config.timeout / 1000} s` : reasonOf(error) };
    }
  }

  #suspect(): void {
    this.#material?.suspect();
    this.#login?.suspect();
  }

  close(): void {
    this.#agent.destroy();
  }

  #reconnect(): void {
    this.#agent.destroy();
    this.#agent = this.#newAgent();
  }

  #newAgent(): http.Agent {
    const { insecure_skip_verify, server_name_override: servername } = this.#config.tls;
    const options = { keepAlive: true, maxSockets: 1, proxyEnv: proxies(this.#config) };
    if (this.#material === undefined) return new http.Agent(options);
    return new https.Agent({
      ...options,
      ...this.#material.value,
      rejectUnauthorized: !insecure_skip_verify,
      ...(servername !== undefined && { servername }),
    });
  }

  async #write(metrics: ResourceMetrics): Promise<Uint8Array> {
    const serializer = this.#config.encoding === 'json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
    const message = serializer.serializeRequest(metrics) ?? new Uint8Array();
    const { compression } = this.#config;
    return compression === 'none' ? message : COMPRESS[compression](message);
  }

  /** Repeats the request on a new connection if the server had closed the persistent one. As any retry, it is the same message. */
  #again(error: unknown, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    const { code = '', wasReused = false } = error as { code?: string; wasReused?: boolean };
    if (!wasReused || !CLOSED.includes(code)) throw error;
    return this.#post(body, signal);
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    const { request } = this.#target.protocol === 'http:' ? http : https;
    const credentials = await this.#login?.credentials();
    if (credentials !== undefined) this.#secrets.login = credentials.value;
    return new Promise((resolve, reject) => {
      const sent = request(this.#target, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          ...this.#headers,
          ...(credentials !== undefined && { [credentials.name.toLowerCase()]: credentials.value }),
          'content-length': body.byteLength,
        },
        signal,
      });
      sent.on('error', (error) => reject(Object.assign(error, { wasReused: sent.reusedSocket })));
      sent.on('response', (response) => {
        beginningOf(response, MOST_BYTES, signal).then((answer) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
        }, reject);
      });
      sent.end(body);
    });
  }
}

function proxies({ proxy_url }: HttpClientSettings): NodeJS.ProcessEnv {
  return proxy_url === undefined ? process.env : { http_proxy: proxy_url, https_proxy: proxy_url };
}
