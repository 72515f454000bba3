import type { ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { end, says } from './child.ts';
import { type Lab, ROOT } from './lab.ts';

const NODE = `${ROOT}node_modules/.bin/node`;

export interface AgentOptions {
  /** The command line before the options of `run`; as scripts/start.sh has it where nothing is said. */
  readonly command?: readonly string[];
  /** `--set` values beside the ports. */
  readonly set?: readonly string[];
}

/** Runs what is built, by itself. */
export const BUILT_COMMAND = [NODE, `${ROOT}dist/main.js`, 'run'];

/** An agent with otel-collector.yaml on ports of its own. */
export class Agent {
  readonly child: ChildProcess;
  readonly port: number;
  /** When its process was spawned, as performance.now() has it. */
  readonly spawned: number;

  private constructor(child: ChildProcess, port: number, spawned: number) {
    this.child = child;
    this.port = port;
    this.spawned = spawned;
  }

  /** Spawns an agent and doesn't wait for it. */
  static async spawn(lab: Lab, { command = ['sh', `${ROOT}scripts/start.sh`], set = [] }: AgentOptions = {}): Promise<Agent> {
    const [port, own] = [await freePort(), await freePort()];
    const sets = [
      `exporters.prometheus.endpoint=localhost:${port}`,
      `service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {port: ${own}}}}}]`,
      ...set,
    ];
    const [file = '', ...args] = [
      ...command,
      '--config',
      `${ROOT}otel-collector.yaml`,
      ...sets.flatMap((value) => ['--set', value]),
    ];
    const spawned = performance.now();
    return new Agent(lab.spawn(file, args), port, spawned);
  }

  /** Spawns an agent, and waits till it says that it runs. */
  static async start(lab: Lab, options: AgentOptions = {}): Promise<Agent> {
    const agent = await Agent.spawn(lab, options);
    await says(agent.child, 'attached: ');
    return agent;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** One scrape, compressed as Prometheus asks for it. Rejects where nothing answers. */
  scrape(): Promise<string> {
    const headers = { 'Accept-Encoding': 'gzip' };
    return new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port: this.port, path: '/metrics', agent: false, headers }, (response) => {
        buffer(response).then((body) => {
          resolve((response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString());
        }, reject);
      });
      request.on('error', reject);
    });
  }

  stop(): Promise<void> {
    return end(this.child);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, 'localhost', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
