import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort, listens } from './net.ts';
import { parseExports, type ReceivedExport } from './otlp_json.ts';
import { OTELCOL } from './peers.ts';

const CERTIFICATE = join(import.meta.dirname, '../support/kube_api/certificate');

/** A real OpenTelemetry Collector that receives OTLP and keeps what it got. */
export class Collector {
  readonly #child: Child;
  readonly #directory: string;
  /** Where it listens for gRPC, `host:port`, without TLS. */
  readonly endpoint: string;
  /** Base URLs for HTTP, without TLS and with it: see `ca`. */
  readonly http: string;
  readonly https: string;
  /** File with the CA of its certificate. */
  readonly ca = join(CERTIFICATE, 'ca.crt');

  private constructor(child: Child, directory: string, [grpc, http, https]: readonly number[]) {
    this.#child = child;
    this.#directory = directory;
    this.endpoint = `127.0.0.1:${grpc}`;
    this.http = `http://127.0.0.1:${http}`;
    this.https = `https://localhost:${https}`;
  }

  static async start(): Promise<Collector> {
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-otelcol-'));
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const [grpc, http, https] = ports.map((port) => `127.0.0.1:${port}`);
    const tls = { cert_file: join(CERTIFICATE, 'server.crt'), key_file: join(CERTIFICATE, 'server.key') };
    const config = {
      receivers: {
        otlp: { protocols: { grpc: { endpoint: grpc }, http: { endpoint: http } } },
        'otlp/tls': { protocols: { http: { endpoint: https, tls } } },
      },
      exporters: { file: { path: join(directory, 'metrics.jsonl'), flush_interval: '100ms' } },
      service: {
        // Its own metrics would want port 8888.
        telemetry: { metrics: { level: 'none' } },
        pipelines: { metrics: { receivers: ['otlp', 'otlp/tls'], exporters: ['file'] } },
      },
    };
    // JSON is YAML.
    writeFileSync(join(directory, 'config.yaml'), JSON.stringify(config));
    const child = new Child('the Collector', OTELCOL.path, ['--config', join(directory, 'config.yaml')]);
    await child.ready(async () => (await Promise.all(ports.map((port) => listens(port)))).every(Boolean));
    return new Collector(child, directory, ports);
  }

  /** All that it has received so far, in order. */
  received(): ReceivedExport[] {
    return parseExports(readFileSync(join(this.#directory, 'metrics.jsonl'), 'utf8'));
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
