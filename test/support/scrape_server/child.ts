import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { configSchema as healthSchema } from '../../../src/extensions/health_check/config.ts';
import { HealthCheck } from '../../../src/extensions/health_check/extension.ts';
import { HttpEndpoint } from '../../../src/http/http_endpoint.ts';
import { makeSettings, quietHost } from '../settings.ts';

/** The parent's options. */
export interface ChildOptions {
  /** Series of drops. Each has one of bytes too. */
  readonly series: number;
  /** Settings of the scraped endpoint. health_check has the defaults. */
  readonly settings: object;
}

/** `stop` ends both endpoints as at a reload. */
export type Question = 'state' | 'stop';

/** The child's messages: at its start, and in reply to each question. */
export interface ChildState {
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly rss: number;
  /** The longest time that the event loop was blocked since the last question, in milliseconds. */
  readonly blockedMillis: number;
  /** Texts made so far. */
  readonly made: number;
  /** How long the last `stop` took. */
  readonly stopMillis: number;
  readonly log: readonly string[];
}

const { series, settings }: ChildOptions = JSON.parse(process.argv[2] as string);
const { logger, lines } = makeSettings();
let made = 0;
let stopMillis = 0;

/** A text as large as that of so many series by source address, in pieces of about 64 kB. Its first line has its number. */
function* pieces(): Generator<Buffer> {
  let piece = `made ${++made}\n`;
  for (const name of ['dropreason_drop_count_total', 'dropreason_drop_bytes_total']) {
    for (let index = 0; index < series; index++) {
      const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
      const labels = `class="error",destination_address="192.0.2.1",direction="ingress",network_transport="udp",reason="NO_SOCKET"`;
      piece += `${name}{${labels},source_address="${address}"} ${index * made}\n`;
      if (piece.length < 65_536) continue;
      yield Buffer.from(piece);
      piece = '';
    }
  }
  yield Buffer.from(piece);
}

const endpoint = new HttpEndpoint({
  endpoint: { host: '127.0.0.1', port: 0 },
  settings: serverSettings.parse(settings),
  configPath: 'exporters::prometheus::endpoint',
  routes: { '/metrics': { answer: () => ({ status: 200, contentType: 'text/plain', body: pieces() }) } },
  logger,
});
const health = new HealthCheck(makeSettings('health_check'), healthSchema.parse({ endpoint: '127.0.0.1:0' }));
await endpoint.start();
await health.start(quietHost);
const { port: metricsPort } = endpoint;
const { port: healthPort } = health;
const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();

function tell(): void {
  const state: ChildState = {
    metricsPort: metricsPort as number,
    healthPort: healthPort as number,
    rss: process.memoryUsage.rss(),
    blockedMillis: loop.max / 1e6,
    made,
    stopMillis,
    log: lines.map(({ level, msg }) => `${level}: ${msg}`),
  };
  loop.reset();
  process.send?.(state);
}

async function answer(question: Question): Promise<void> {
  if (question === 'stop') {
    const began = performance.now();
    await Promise.all([endpoint.stop(3_500), health.shutdown(3_500)]);
    stopMillis = performance.now() - began;
  }
  tell();
}

process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => process.exit());
tell();
