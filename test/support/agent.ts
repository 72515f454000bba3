import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseMetrics, type Series } from './metrics_text.ts';
import { freePort } from './ports.ts';
import { scratchDirectory } from './scratch.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const NODE = join(ROOT, 'node_modules/.bin/node');
export const MAIN = join(ROOT, 'dist/main.js');
/** Far longer than a start takes, except in a guest on a busy machine. */
const READY_MILLIS = 120_000;

/** Attaches the hook `accept` on every kernel. By default it isn't attached where it would slow other system calls. */
export const WITH_ACCEPTS = { accept: { attach: ['fexit', 'kprobe', 'tracepoint'] } };

/** A configuration in the form of the YAML file. */
export interface File {
  readonly receivers: Record<string, unknown>;
  readonly processors?: Record<string, unknown>;
  readonly exporters: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
  readonly service: Record<string, unknown>;
}

export interface PipelineOptions {
  readonly port: number;
  readonly receiver?: object;
  readonly processors?: Readonly<Record<string, unknown>>;
  readonly exporters?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly prometheus?: object;
  readonly metrics?: object;
}

/** From the kernel to Prometheus. Only scrapes read: the interval is an hour. */
export function pipeline({
  port,
  receiver = {},
  processors = { percpu_sum: {} },
  exporters = {},
  extensions = {},
  prometheus = {},
  metrics,
}: PipelineOptions): File {
  return {
    receivers: { dropreason: { collection_interval: '1h', attributes: ['network.namespace.inode'], ...receiver } },
    processors: { ...processors },
    exporters: { prometheus: { endpoint: `localhost:${port}`, ...prometheus }, ...exporters },
    extensions: { ...extensions },
    service: {
      extensions: Object.keys(extensions),
      telemetry: { metrics: metrics ?? { level: 'none' } },
      pipelines: {
        metrics: {
          receivers: ['dropreason'],
          processors: Object.keys(processors),
          exporters: ['prometheus', ...Object.keys(exporters)],
        },
      },
    },
  };
}

export interface AgentOptions {
  /** The command before `run --config …`; by default the packaged Node and dist/main.js. */
  readonly command?: readonly string[];
  /** Where the command expects its options. */
  readonly verb?: readonly string[];
  /** The configuration, if it is more than one pipeline. */
  readonly file?: (port: number) => File | string;
  readonly env?: Readonly<Record<string, string>>;
  /** Directory of the configuration file. Default: a directory of the running test, which is removed with it. */
  readonly directory?: string;
}

/** The agent as a user runs it. */
export class Agent {
  readonly port: number;
  readonly process: ChildProcess;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #path: string;
  #output = '';
  #ended = false;

  private constructor(port: number, path: string, process: ChildProcess) {
    this.port = port;
    this.#path = path;
    this.process = process;
    const keep = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    process.stdout?.on('data', keep);
    process.stderr?.on('data', keep);
    this.exit = once(process, 'close').then(([code, signal]) => {
      this.#ended = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** Starts the process. Its port was free a moment ago. It ends with this process. */
  static async spawn(
    make: Partial<PipelineOptions> = {},
    { command = [NODE, MAIN], verb = ['run'], file, env = {}, directory = scratchDirectory() }: AgentOptions = {},
  ): Promise<Agent> {
    const port = make.port ?? (await freePort());
    chmodSync(directory, 0o755); // the agent may run as another user
    const path = join(directory, 'config.yaml');
    writeFileSync(path, textOf(file?.(port) ?? pipeline({ port, ...make })));
    const args = ['--pdeathsig', 'KILL', ...command, ...verb, '--config', path];
    return new Agent(
      port,
      path,
      spawn('setpriv', args, {
        cwd: ROOT,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      }),
    );
  }

  /** Starts the process and waits until the agent has started. */
  static async start(make: Partial<PipelineOptions> = {}, options: AgentOptions = {}): Promise<Agent> {
    const agent = await Agent.spawn(make, options);
    await agent.said('\ntry: ');
    return agent;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the output contains this text; rejects if the agent ends before, or takes too long. */
  async said(text: string): Promise<void> {
    const deadline = Date.now() + READY_MILLIS;
    while (!this.#output.includes(text)) {
      if (this.#ended || Date.now() > deadline) {
        this.kill();
        throw new Error(`${this.#ended ? 'it ended' : 'it runs'} without printing ${JSON.stringify(text)}:\n${this.#output}`);
      }
      await sleep(20);
    }
  }

  async scrape(port = this.port): Promise<Series[]> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return parseMetrics(await response.text());
  }

  /** Replaces its configuration file. */
  write(file: File | string): void {
    writeFileSync(this.#path, textOf(file));
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends it with a signal; returns the exit code and the time it took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; millis: number }> {
    const began = Date.now();
    this.signal(signal);
    const { code } = await this.exit;
    return { code, millis: Date.now() - began };
  }

  /** Kills it and its children: behind npm is the agent itself. */
  kill(): void {
    if (this.process.pid === undefined) return;
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {
      // all of them have ended
    }
  }
}

function textOf(file: File | string): string {
  return typeof file === 'string' ? file : JSON.stringify(file);
}
