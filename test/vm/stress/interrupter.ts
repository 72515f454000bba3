import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const build = (name: string) => fileURLToPath(new URL(`../../../build/test/stress/${name}`, import.meta.url));

export type Place = 'lookup' | 'chain' | 'processor' | 'between';

/** For one place: the number of waits there, the number of waits that were interrupted, and the number of drops that interrupted them. */
export interface Waits {
  readonly waits: number;
  readonly interrupted: number;
  readonly drops: number;
}

/** The programs of interrupted.bpf.c, attached one by one, in the order in which the kernel should call them. */
export class Interrupter {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor() {
    this.#child = spawn(build('attach'), [build('interrupted.bpf.o')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {}); // it has ended; the next answer reports this
    this.#lines = createInterface(this.#child.stdout);
  }

  async attach(program: 'before' | 'between'): Promise<void> {
    const answer = await this.#ask(`attach ${program}`);
    if (answer !== 'ok') throw new Error(`attaching ${program}: ${answer}`);
  }

  /** False if this kernel does not have this function to wait in, or cannot probe it. */
  async attachAt(place: Exclude<Place, 'between'>): Promise<boolean> {
    const answer = await this.#ask(`attach ${place}`);
    if (answer === 'it has ended') throw new Error(`attaching ${place}: ${answer}`);
    return answer === 'ok';
  }

  async report(): Promise<Readonly<Record<Place, Waits>>> {
    return JSON.parse(await this.#ask('report')) as Record<Place, Waits>;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await ended;
  }

  async #ask(what: string): Promise<string> {
    const answer = Promise.race([
      once(this.#lines, 'line') as Promise<[string]>,
      once(this.#lines, 'close').then(() => ['it has ended']),
    ]);
    this.#child.stdin.write(`${what}\n`);
    return (await answer)[0] ?? '';
  }
}
