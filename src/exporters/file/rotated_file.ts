import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { FileConfig } from './config.ts';
import type { Destination } from './writer.ts';

/** Whom the drops concern is not for everybody to read. */
const MODE = 0o600;
/** The time in a backup's name: RFC 3339 in UTC with `-` for `:`, as lumberjack and the Collector's file exporter write it. */
const STAMP = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;

/**
 * A file to which lines are appended. Before it exceeds its size limit, it is renamed from `flows.jsonl` to
 * `flows-2026-01-02T03-04-05.678.jsonl`, and a new one is started. The oldest backups are removed.
 */
export class RotatedFile implements Destination {
  readonly #path: string;
  readonly #most: number;
  readonly #backups: number;
  #file: FileHandle | undefined;
  #mustReopen = false;

  private constructor(path: string, { max_megabytes, max_backups }: FileConfig['rotation']) {
    this.#path = path;
    this.#most = max_megabytes * 1024 * 1024;
    this.#backups = max_backups;
  }

  /** Opens it. Creates it if missing. */
  static async open(path: string, rotation: FileConfig['rotation']): Promise<RotatedFile> {
    const rotated = new RotatedFile(path, rotation);
    await rotated.#open();
    return rotated;
  }

  begin(): void {}

  reopen(): void {
    this.#mustReopen = true;
  }

  async write(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    if (this.#mustReopen) {
      this.#mustReopen = false;
      await this.close();
    }
    let file = this.#file ?? (await this.#open());
    let before = await sizeOf(file);
    if (before > 0 && before + bytes.length > this.#most) {
      file = await this.#rotate();
      before = await sizeOf(file);
    }
    try {
      await file.writeFile(bytes);
    } catch (error) {
      // A disk that is full takes a part: no half line may stay.
      await file.truncate(before).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.#path, 'a+', MODE);
    this.#file = file;
    const size = await sizeOf(file);
    if (size > 0) {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      // An agent that was killed may have left half a line. Start a new one.
      if (buffer.toString() !== '\n') await file.write('\n');
    }
    return file;
  }

  async #rotate(): Promise<FileHandle> {
    await rename(this.#path, await this.#freeName());
    await this.close();
    const file = await this.#open();
    await this.#removeOldest();
    return file;
  }

  async #freeName(): Promise<string> {
    for (let millis = Date.now(); ; millis++) {
      const name = this.#backupName(new Date(millis).toISOString().slice(0, -1).replaceAll(':', '-'));
      if ((await stat(name).catch(() => undefined)) === undefined) return name;
    }
  }

  #backupName(stamp: string): string {
    const extension = extname(this.#path);
    return join(dirname(this.#path), `${basename(this.#path, extension)}-${stamp}${extension}`);
  }

  async #removeOldest(): Promise<void> {
    if (this.#backups === 0) return;
    const directory = dirname(this.#path);
    const [before = '', after = ''] = basename(this.#backupName('\n')).split('\n');
    const backups = (await readdir(directory)).filter(
      (name) =>
        name.startsWith(before) && name.endsWith(after) && STAMP.test(name.slice(before.length, name.length - after.length)),
    );
    for (const name of backups.sort().slice(0, -this.#backups)) await unlink(join(directory, name));
  }
}

/** Asked at each write: a `copytruncate` of logrotate makes the file smaller under us. */
async function sizeOf(file: FileHandle): Promise<number> {
  const there = await file.stat();
  return there.isFile() ? there.size : 0;
}
