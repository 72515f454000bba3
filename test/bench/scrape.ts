import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** The response, as received. */
export interface Scrape {
  readonly bytes: Buffer;
  text(): string;
}

/** One scrape, compressed as Prometheus requests it. Rejects if nothing answers. */
export function scrapeOf(port: number, path = '/metrics'): Promise<Scrape> {
  const headers = { 'Accept-Encoding': 'gzip' };
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, headers }, (response) => {
      const isZipped = response.headers['content-encoding'] === 'gzip';
      buffer(response).then((bytes) => {
        resolve({ bytes, text: () => (isZipped ? gunzipSync(bytes) : bytes).toString() });
      }, reject);
    });
    request.on('error', reject);
  });
}
