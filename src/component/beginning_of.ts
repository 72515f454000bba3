/** The first `most` bytes of a stream, or all of it if it is shorter. A longer stream is destroyed; reading ends at an abort, too. */
export async function beginningOf(stream: AsyncIterable<Buffer>, most: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= most || signal.aborted) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}
