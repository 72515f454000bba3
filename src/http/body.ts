import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

const CHUNK = 65_536;

/** What is this short is never compressed. */
const SHORT = 1_024;

/** Encodes a text once for each coding; one that is short as it is. Between two pieces other work of the process has its turn. */
export async function encodeBody(text: string | Iterable<string>, codings: ReadonlySet<ContentCoding>): Promise<Bodies> {
  if (typeof text === 'string' && text.length <= SHORT) return { identity: toBody([Buffer.from(text)]) };
  const pieces = typeof text === 'string' ? [text] : text;
  const plain: Buffer[] = [];
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const piece of pieces) {
      const chunk = Buffer.from(piece);
      if (codings.has('identity')) plain.push(chunk);
      yield chunk;
      await nextTurn();
    }
  }
  if (!codings.has('gzip')) {
    for await (const _ of chunks());
    return { identity: toBody(plain) };
  }
  const zipped: Buffer[] = [];
  await pipeline(Readable.from(chunks()), createGzip({ level: 1, chunkSize: CHUNK }), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) zipped.push(chunk);
  });
  return { gzip: toBody(zipped), ...(codings.has('identity') ? { identity: toBody(plain) } : {}) };
}

function toBody(chunks: readonly Buffer[]): Body {
  return { chunks, length: chunks.reduce((sum, { length }) => sum + length, 0) };
}
