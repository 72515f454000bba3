import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort, listens } from './net.ts';
import { parseExports, type ReceivedExport } from './otlp_json.ts';
import { OTELCOL } from './peers.ts';

/** A real OpenTelemetry Collector that takes OTLP over gRPC and keeps what it got. */
export class Collector {
  readonly #child: Child;
  readonly #directory: string;
  /** Where it listens, `host:port`, without TLS. */
  readonly endpoint: string;

  private constructor(child: Child, directory: string, endpoint: string) {
    this.#child = child;
    this.#directory = directory;
    this.endpoint = endpoint;
  }

  static async start(): Promise<Collector> {
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-otelcol-'));
    const port = await freePort();
    const endpoint = `127.0.0.1:${port}`;
    const config = {
      receivers: { otlp: { protocols: { grpc: { endpoint } } } },
      exporters: { file: { path: join(directory, 'metrics.jsonl'), flush_interval: '100ms' } },
      service: {
        // Its own metrics would want port 8888.
        telemetry: { metrics: { level: 'none' } },
        pipelines: { metrics: { receivers: ['otlp'], exporters: ['file'] } },
      },
    };
    // JSON is YAML.
    writeFileSync(join(directory, 'config.yaml'), JSON.stringify(config));
    const child = new Child('the Collector', OTELCOL.path, ['--config', join(directory, 'config.yaml')]);
    await child.ready(() => listens(port));
    return new Collector(child, directory, endpoint);
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
