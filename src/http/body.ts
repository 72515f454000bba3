import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { ContentCoding } from './content_coding.ts';

/** The body after the headers, in chunks. It is complete, so its length is known. */
export interface Body {
  readonly chunks: readonly Buffer[];
  readonly length: number;
}

/** The same text in each requested coding. */
export type Bodies = Readonly<Partial<Record<ContentCoding, Body>>>;

/** A text, or an iterator that makes its bytes piece by piece. A piece must stay unchanged until two more pieces have been taken. */
export type Content = string | Iterable<Buffer>;

const CHUNK = 65_536;
/** Texts up to this length are never compressed. */
const SHORT = 1_024;
/** Yield after this much work. Node accepts one connection per turn of the event loop, so turns must be short. */
const STRETCH_MILLIS = 2;

/** Encodes a text once per coding. A short text is not compressed. Rejects with the errors of the iterator. */
export async function encodeBody(content: Content, codings: ReadonlySet<ContentCoding>): Promise<Bodies> {
  if (typeof content === 'string' && content.length <= SHORT) return { identity: toBody([Buffer.from(content)]) };
  const plain: Buffer[] = [];
  const gzip = codings.has('gzip') ? new Gzip() : undefined;
  try {
    let began = performance.now();
    for (const piece of typeof content === 'string' ? [Buffer.from(content)] : content) {
      if (codings.has('identity')) plain.push(Buffer.from(piece));
      await gzip?.write(piece);
      if (performance.now() - began < STRETCH_MILLIS) continue;
      await nextTurn();
      began = performance.now();
    }
    return {
      ...(codings.has('identity') ? { identity: toBody(plain) } : {}),
      ...(gzip === undefined ? {} : { gzip: toBody(await gzip.end()) }),
    };
  } finally {
    gzip?.free();
  }
}

/** Compresses one piece on another thread while the next one is made. */
class Gzip {
  readonly #stream = createGzip({ level: 1, chunkSize: CHUNK });
  readonly #zipped: Buffer[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor() {
    this.#stream.on('data', (chunk: Buffer) => this.#zipped.push(chunk));
  }

  /** Resolves when the piece before this one has been compressed. */
  async write(piece: Buffer): Promise<void> {
    const before = this.#written;
    this.#written = new Promise((resolve) => void this.#stream.write(piece, () => resolve()));
    await before;
  }

  async end(): Promise<readonly Buffer[]> {
    this.#stream.end();
    await finished(this.#stream);
    return this.#zipped;
  }

  free(): void {
    this.#stream.destroy();
  }
}

function toBody(chunks: readonly Buffer[]): Body {
  return { chunks, length: chunks.reduce((sum, { length }) => sum + length, 0) };
}
