import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { end, says } from './child.ts';
import { type Lab, ROOT } from './lab.ts';
import { type Scrape, scrapeOf } from './scrape.ts';

const NODE = `${ROOT}node_modules/.bin/node`;

export interface AgentOptions {
  /** The command line before the options of `run`. Default: that of scripts/start.sh. */
  readonly command?: readonly string[];
  /** `--set` values in addition to the ports. */
  readonly set?: readonly string[];
  /** Options of Node.js in addition to those of the command. */
  readonly nodeOptions?: string;
}

/** Runs the built agent directly. */
export const BUILT_COMMAND = [NODE, `${ROOT}dist/main.js`, 'run'];

/** An agent with otel-collector.yaml on separate ports. */
export class Agent {
  readonly child: ChildProcess;
  readonly port: number;
  /** When its process was spawned, by performance.now(). */
  readonly spawned: number;

  private constructor(child: ChildProcess, port: number, spawned: number) {
    this.child = child;
    this.port = port;
    this.spawned = spawned;
  }

  /** Spawns an agent without waiting for it. */
  static async spawn(
    lab: Lab,
    { command = ['sh', `${ROOT}scripts/start.sh`], set = [], nodeOptions }: AgentOptions = {},
  ): Promise<Agent> {
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
    const env = nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions };
    return new Agent(lab.spawn(file, args, env), port, spawned);
  }

  /** Spawns an agent and waits until it reports that it runs. */
  static async start(lab: Lab, options: AgentOptions = {}): Promise<Agent> {
    const agent = await Agent.spawn(lab, options);
    await says(agent.child, 'attached: ');
    return agent;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The text of one scrape. */
  async scrape(): Promise<string> {
    return (await this.ask()).text();
  }

  /** The same as received, for callers that measure time. */
  ask(): Promise<Scrape> {
    return scrapeOf(this.port);
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
