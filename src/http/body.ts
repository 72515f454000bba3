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
/** After so much work others have their turn. Node accepts one connection in a turn of the event loop, so turns have to be short. */
const STRETCH_MILLIS = 2;

/** Encodes a text once for each coding; one that is short as it is. */
export async function encodeBody(text: string | Iterable<string>, codings: ReadonlySet<ContentCoding>): Promise<Bodies> {
  if (typeof text === 'string' && text.length <= SHORT) return { identity: toBody([Buffer.from(text)]) };
  const plain: Buffer[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    for await (const chunks of stretches(typeof text === 'string' ? [text] : text)) {
      if (codings.has('identity')) plain.push(...chunks);
      if (codings.has('gzip')) yield Buffer.concat(chunks);
    }
  }
  const zipped: Buffer[] = [];
  await pipeline(Readable.from(source()), createGzip({ level: 1, chunkSize: CHUNK }), async (made: AsyncIterable<Buffer>) => {
    for await (const chunk of made) zipped.push(chunk);
  });
  return {
    ...(codings.has('identity') ? { identity: toBody(plain) } : {}),
    ...(codings.has('gzip') ? { gzip: toBody(zipped) } : {}),
  };
}

/** The pieces as bytes, those of one stretch of work together. */
async function* stretches(pieces: Iterable<string>): AsyncGenerator<readonly Buffer[]> {
  let chunks: Buffer[] = [];
  let began = performance.now();
  for (const piece of pieces) {
    chunks.push(Buffer.from(piece));
    if (performance.now() - began < STRETCH_MILLIS) continue;
    yield chunks;
    await nextTurn();
    chunks = [];
    began = performance.now();
  }
  yield chunks;
}

function toBody(chunks: readonly Buffer[]): Body {
  return { chunks, length: chunks.reduce((sum, { length }) => sum + length, 0) };
}
