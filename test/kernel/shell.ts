import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { CommandError } from './command.ts';

const END = '--- end of';
/** Under emulation a command takes tens of times as long as on the machine itself. So only a command that hangs is ended. */
const HANGS_MILLIS = 120_000;

/**
 * A shell that stays in one network namespace and runs one script after another. Under emulation, starting programs takes most of the time.
 * This shell only starts the programs that the scripts name.
 */
export class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';
  #wake: () => void = () => {};
  #ended = false;

  /** `netns` is a name in /run/netns. */
  constructor(netns: string) {
    this.#child = spawn('nsenter', [`--net=/run/netns/${netns}`, 'sh'], { stdio: 'pipe' });
    const take = (chunk: string) => {
      this.#output += chunk;
      this.#wake();
    };
    this.#child.stdout.setEncoding('utf8').on('data', take);
    this.#child.stderr.setEncoding('utf8').on('data', take);
    this.#child.stdin.on('error', () => {}); // it has ended; its status says more
    for (const event of ['error', 'close']) {
      this.#child.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** The content of a file in `/proc` for a process in this namespace, such as `snmp`. */
  get proc(): string {
    return `/proc/${this.#child.pid}/net`;
  }

  /** Runs a script until its end or its first failed command, and returns its output. One script at a time. */
  async run(script: string): Promise<string> {
    this.#output = '';
    this.#child.stdin.write(`(set -e; ${script}) </dev/null 2>&1; status=$?; echo; echo "${END} $status"\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), HANGS_MILLIS);
    const end = new RegExp(`\\n${END} (\\d+)\\n$`);
    let match: RegExpExecArray | null = null;
    while (match === null && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      match = end.exec(this.#output);
      if (match === null && !this.#ended) await promise;
    }
    clearTimeout(timer);
    const said = this.#output.slice(0, match?.index);
    if (match?.[1] !== '0') throw new CommandError(`${script}: ${said.trim() || 'failed'}`);
    return said;
  }

  close(): void {
    this.#child.stdin.end();
  }
}
