import { closeSync, openSync, readSync } from 'node:fs';

const POLL_MILLIS = 250;

/** Passes on the lines of a file while another process writes it. The file may not exist yet. */
export class FileTail {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #buffer = Buffer.alloc(65_536);
  #offset = 0;
  /** Bytes of an incomplete line. Bytes, because a read may end inside a character. */
  #rest = Buffer.alloc(0);

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
    this.#timer = setInterval(() => this.#read(), POLL_MILLIS);
  }

  /** Passes on the rest, including a last line without a newline. */
  close(): void {
    clearInterval(this.#timer);
    this.#read();
    if (this.#rest.length > 0) this.#onLine(this.#rest.toString('utf8'));
    this.#rest = Buffer.alloc(0);
  }

  #read(): void {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return;
    }
    try {
      for (;;) {
        const length = readSync(file, this.#buffer, 0, this.#buffer.length, this.#offset);
        if (length === 0) break;
        this.#offset += length;
        this.#take(this.#buffer.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
  }

  #take(bytes: Buffer): void {
    let text = Buffer.concat([this.#rest, bytes]);
    for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a)) {
      this.#onLine(text.toString('utf8', 0, end));
      text = text.subarray(end + 1);
    }
    this.#rest = text;
  }
}
