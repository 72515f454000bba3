import { execFileSync } from 'node:child_process';

export interface Element {
  readonly key: Buffer;
  readonly value: Buffer;
}

const BPFTOOL = '/usr/sbin/bpftool';

/** A map that is pinned, to be written as a process leaves it that was killed between two steps. */
export class PinnedMap {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  elements(): Element[] {
    const output = execFileSync(BPFTOOL, ['--json', 'map', 'dump', 'pinned', this.#path], { encoding: 'utf8' });
    const bytes = (all: readonly string[]) => Buffer.from(all.map(Number));
    return (JSON.parse(output) as { key: string[]; value: string[] }[]).map(({ key, value }) => ({
      key: bytes(key),
      value: bytes(value),
    }));
  }

  put({ key, value }: Element): void {
    execFileSync(BPFTOOL, [
      'map',
      'update',
      'pinned',
      this.#path,
      'key',
      ...[...key].map(String),
      'value',
      ...[...value].map(String),
    ]);
  }
}
