import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../support/certificates.ts';
import { Child } from './child.ts';
import type { Namespace } from './namespace.ts';
import { freePort, listens } from './net.ts';
import { parseExports, pointsWith, type ReceivedExport } from './otlp_json.ts';
import { OTELCOL } from './peers.ts';
import { waitFor } from './wait.ts';

const CERTIFICATE = join(import.meta.dirname, '../support/kube_api/certificate');

/** A real OpenTelemetry Collector that receives OTLP and keeps what it got. */
export class Collector {
  #child: Child;
  readonly #directory: string;
  readonly #ports: readonly number[];
  /** Where it listens for gRPC, `host:port`, without TLS. */
  readonly endpoint: string;
  /** The same with TLS: see `ca`. */
  readonly secure: string;
  /** Base URLs for HTTP, without TLS and with it. */
  readonly http: string;
  readonly https: string;
  /** File with the CA of its certificate. */
  readonly ca = join(CERTIFICATE, 'ca.crt');

  private constructor(child: Child, directory: string, ports: readonly number[]) {
    const [grpc, http, https, secure] = ports;
    this.#child = child;
    this.#directory = directory;
    this.#ports = ports;
    this.endpoint = `127.0.0.1:${grpc}`;
    this.secure = `localhost:${secure}`;
    this.http = `http://127.0.0.1:${http}`;
    this.https = `https://localhost:${https}`;
  }

  static async start(options: CollectorOptions = {}): Promise<Collector> {
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-otelcol-'));
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
    for (const name of ['server.crt', 'server.key']) copyFileSync(join(CERTIFICATE, name), join(directory, name));
    return new Collector(await run(directory, ports, options), directory, ports);
  }

  /** Stops it in its tracks, as if the machine were overloaded: it takes connections and says nothing. */
  pause(): void {
    this.#child.signal('SIGSTOP');
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  /** Has it no chance to do anything more, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exit;
  }

  /** Starts it again after `kill`, where it was, and with all that it had received. `refuses`: its memory_limiter lets nothing in. */
  async restart(options: CollectorOptions = {}): Promise<void> {
    this.#child = await run(this.#directory, this.#ports, options);
  }

  /** Has it use another certificate from now on, also for connections that are open: it is killed and started. */
  async replaceCertificate({ cert, key }: Certificate): Promise<void> {
    copyFileSync(cert, join(this.#directory, 'server.crt'));
    copyFileSync(key, join(this.#directory, 'server.key'));
    await this.kill();
    await this.restart();
  }

  /** All that it has received so far, in order. */
  received(): ReceivedExport[] {
    return this.#read('metrics.jsonl');
  }

  /** The same, with cumulative sums of what came as deltas since it was started. */
  receivedCumulative(): ReceivedExport[] {
    return this.#read('cumulative.jsonl');
  }

  /** Waits for an export with this number of the datagrams that a namespace has dropped. */
  exportOf({ inode }: Pick<Namespace, 'inode'>, drops: number): Promise<ReceivedExport> {
    const labels = { reason: 'NO_SOCKET', 'network.namespace.inode': inode };
    const has = ({ sums }: ReceivedExport) =>
      pointsWith(sums.get('dropreason.drop.count'), labels).some(({ value }) => value === drops);
    return waitFor('an export with the drops', () => this.received().find(has));
  }

  #read(name: string): ReceivedExport[] {
    const path = join(this.#directory, name);
    return existsSync(path) ? parseExports(readFileSync(path, 'utf8')) : [];
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

interface CollectorOptions {
  readonly refuses?: boolean;
  /** What comes over TLS must have this header Authorization. */
  readonly authorization?: { readonly scheme: string; readonly token: string };
  /** File of the CA that has issued the certificates of those who may push over TLS. */
  readonly clientCa?: string;
}

async function run(directory: string, ports: readonly number[], options: CollectorOptions = {}): Promise<Child> {
  const { refuses = false, authorization, clientCa } = options;
  const auth = authorization === undefined ? {} : { auth: { authenticator: 'bearertokenauth' } };
  const [grpc, http, https, secure] = ports.map((port) => `127.0.0.1:${port}`);
  const tls = {
    cert_file: join(directory, 'server.crt'),
    key_file: join(directory, 'server.key'),
    ...(clientCa !== undefined && { client_ca_file: clientCa }),
  };
  // Where files are rotated, each line is written before the answer. Otherwise lines are buffered, and a kill loses what was acknowledged.
  const file = (name: string) => ({ path: join(directory, name), rotation: { max_megabytes: 1000 } });
  const receivers = ['otlp', 'otlp/tls'];
  const first = refuses ? ['memory_limiter'] : [];
  const config = {
    ...(authorization !== undefined && { extensions: { bearertokenauth: authorization } }),
    receivers: {
      otlp: { protocols: { grpc: { endpoint: grpc }, http: { endpoint: http } } },
      'otlp/tls': { protocols: { grpc: { endpoint: secure, tls, ...auth }, http: { endpoint: https, tls, ...auth } } },
    },
    processors: {
      memory_limiter: { check_interval: '100ms', limit_mib: refuses ? 2 : 4000, spike_limit_mib: 1 },
      deltatocumulative: {},
    },
    exporters: { file: file('metrics.jsonl'), 'file/cumulative': file('cumulative.jsonl') },
    service: {
      extensions: authorization === undefined ? [] : ['bearertokenauth'],
      // Its own metrics would want port 8888.
      telemetry: { metrics: { level: 'none' } },
      pipelines: {
        metrics: { receivers, processors: first, exporters: ['file'] },
        'metrics/cumulative': { receivers, processors: [...first, 'deltatocumulative'], exporters: ['file/cumulative'] },
      },
    },
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'config.yaml'), JSON.stringify(config));
  const child = new Child('the Collector', OTELCOL.path, ['--config', join(directory, 'config.yaml')]);
  await child.ready(async () => (await Promise.all(ports.map((port) => listens(port)))).every(Boolean));
  return child;
}
