import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { ContentCoding } from './content_coding.ts';

/** What is sent after the headers: whole, so that its length is known, and in chunks. */
export interface Body {
  readonly chunks: readonly Buffer[];
  readonly length: number;
}

/** One text in each of the codings that somebody asked for. */
export type Bodies = Readonly<Partial<Record<ContentCoding, Body>>>;

/** A text, or its bytes in pieces that are made as they are taken; each has to stay as it is until the next but one is taken. */
export type Content = string | Iterable<Buffer>;

const CHUNK = 65_536;
/** What is this short is never compressed. */
const SHORT = 1_024;
/** After so much work others have their turn. Node accepts one connection in a turn of the event loop, so turns have to be short. */
const STRETCH_MILLIS = 2;

/** Encodes a text once for each coding; one that is short as it is. Rejects with what taking a piece throws. */
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

/** Compresses one piece, on another thread, while the next one is made. */
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
