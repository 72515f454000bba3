import { createServer } from 'node:http';
import type { Finding } from '../component/factory.ts';
import type { Endpoint } from '../component/schema.ts';
import { Listeners } from './listeners.ts';

/** Listens on an endpoint briefly, to check it. `taken` is the status if that fails. */
export async function endpointFinding(endpoint: Endpoint, configPath: string, taken: 'warn' | 'fail'): Promise<Finding> {
  const subject = `port ${endpoint.port}`;
  const tried = new Listeners({ endpoint, configPath, makeServer: () => createServer((_, response) => response.destroy()) });
  try {
    await tried.start();
    await tried.close();
    return { subject, status: 'ok', message: `free, for ${configPath}` };
  } catch (error) {
    return { subject, status: taken, message: (error as Error).message };
  }
}
