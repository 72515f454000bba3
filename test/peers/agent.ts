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
  /** Exporters beside `prometheus`, by id; all of them are in the pipeline. */
  readonly exporters?: Readonly<Record<string, unknown>>;
  /** Processors before `percpu_sum`, by id, in order. */
  readonly processors?: Readonly<Record<string, unknown>>;
}

/** A pipeline from the kernel to Prometheus, and to whatever `options` adds. */
export function agentConfig(ports: AgentPorts, { exporters = {}, processors = {} }: AgentOptions = {}): Config {
  const reader = { pull: { exporter: { prometheus: { host: 'localhost', port: ports.own } } } };
  return {
    receivers: { dropreason: { collection_interval: '1s', attributes: ['network.namespace.inode'] } },
    processors: { ...processors, percpu_sum: {} },
    exporters: { prometheus: { endpoint: `localhost:${ports.metrics}` }, ...exporters },
    service: {
      telemetry: { metrics: { readers: [reader] } },
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
  readonly #child: Child;
  readonly #directory: string;
  readonly ports: AgentPorts;

  private constructor(child: Child, directory: string, ports: AgentPorts) {
    this.#child = child;
    this.#directory = directory;
    this.ports = ports;
  }

  /** Starts it and waits until it answers a scrape. `settings` is given its ports, which were free. */
  static async start(settings: (ports: AgentPorts) => Config = agentConfig, env: NodeJS.ProcessEnv = {}): Promise<Agent> {
    const ports = { metrics: await freePort(), own: await freePort() };
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-agent-'));
    const config = join(directory, 'config.yaml');
    writeFileSync(config, JSON.stringify(settings(ports)));
    const node = join(ROOT, 'node_modules', '.bin', 'node');
    const args = [join(ROOT, 'dist', 'main.js'), 'run', '--config', config];
    const child = new Child('the agent', node, args, { ...process.env, ...env });
    const agent = new Agent(child, directory, ports);
    try {
      await child.ready(async () => (await agent.scrape()) !== '');
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
    return agent;
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
