import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type Exit } from './child.ts';
import { freePort } from './net.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A configuration as the YAML file has it. */
export type Config = Readonly<Record<string, unknown>>;

/** Ports of one agent: its endpoint for Prometheus, and the one for its own metrics. */
export interface AgentPorts {
  readonly metrics: number;
  readonly own: number;
}

/** What a test wants otherwise than the plain pipeline. */
export interface AgentOptions {
  /** Keys of the receiver beside the plain pipeline's. */
  readonly receiver?: Readonly<Record<string, unknown>>;
  /** Exporters beside `prometheus`, by id; all of them are in the pipeline. */
  readonly exporters?: Readonly<Record<string, unknown>>;
  /** Processors before `percpu_sum`, by id, in order. */
  readonly processors?: Readonly<Record<string, unknown>>;
  /** Readers of its own metrics, beside the endpoint. */
  readonly readers?: readonly object[];
  /** Extensions, by id; all of them run. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A pipeline from the kernel to Prometheus, and to whatever `options` adds. */
export function agentConfig(
  ports: AgentPorts,
  { receiver = {}, exporters = {}, processors = {}, readers = [], extensions = {} }: AgentOptions = {},
): Config {
  const reader = { pull: { exporter: { prometheus: { host: 'localhost', port: ports.own } } } };
  return {
    receivers: { dropreason: { collection_interval: '1s', attributes: ['network.namespace.inode'], ...receiver } },
    processors: { ...processors, percpu_sum: {} },
    exporters: { prometheus: { endpoint: `localhost:${ports.metrics}` }, ...exporters },
    extensions,
    service: {
      extensions: Object.keys(extensions),
      telemetry: { metrics: { readers: [reader, ...readers] } },
      pipelines: {
        metrics: {
          receivers: ['dropreason'],
          processors: [...Object.keys(processors), 'percpu_sum'],
          exporters: ['prometheus', ...Object.keys(exporters)],
        },
      },
    },
  };
}

/** The agent itself, as built, with a configuration of the test's own. */
export class Agent {
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly ports: AgentPorts;
  #child: Child;

  private constructor(directory: string, env: NodeJS.ProcessEnv, ports: AgentPorts) {
    this.#directory = directory;
    this.#env = env;
    this.ports = ports;
    this.#child = this.#spawn();
  }

  /** Starts it and waits until a scrape shows that it counts. `settings` is given its ports, which were free. */
  static async start(settings: (ports: AgentPorts) => Config = agentConfig, env: NodeJS.ProcessEnv = {}): Promise<Agent> {
    const ports = { metrics: await freePort(), own: await freePort() };
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-agent-'));
    writeFileSync(join(directory, 'config.yaml'), JSON.stringify(settings(ports)));
    const agent = new Agent(directory, env, ports);
    try {
      await agent.#answers();
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
    return agent;
  }

  /** Has it no chance to do anything more, as when the kernel kills it for want of memory; and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exit;
  }

  /** Starts it again after `kill`, as it was configured, and waits until a scrape shows that it counts. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#answers();
  }

  #spawn(): Child {
    const node = join(ROOT, 'node_modules', '.bin', 'node');
    const args = [join(ROOT, 'dist', 'main.js'), 'run', '--config', join(this.#directory, 'config.yaml')];
    return new Child('the agent', node, args, { ...process.env, ...this.#env });
  }

  /** Exporters start before receivers: a scrape is answered before anything is attached. Hooks are in it once they are. */
  #answers(): Promise<void> {
    return this.#child.ready(async () => (await this.scrape()).includes('dropreason_receiver_hook_attached'));
  }

  /** What the endpoint for Prometheus, or another port of the agent's, says now. */
  async scrape(port = this.ports.metrics): Promise<string> {
    const response = await fetch(`http://localhost:${port}/metrics`);
    if (!response.ok) throw new Error(`the agent answered ${response.status}`);
    return response.text();
  }

  /** Writes another configuration over the first and has the agent take it. */
  reload(config: Config): void {
    writeFileSync(join(this.#directory, 'config.yaml'), JSON.stringify(config));
    this.#child.signal('SIGHUP');
  }

  get log(): string {
    return this.#child.log;
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<Exit> {
    const exit = await this.#child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
    return exit;
  }
}
