import { createServer } from 'node:http';
import type { Finding } from '../component/factory.ts';
import type { Endpoint } from '../component/schema.ts';
import type { ServerSettings } from '../component/server_settings.ts';
import { Listeners } from './listeners.ts';

export interface EndpointToCheck {
  readonly endpoint: Endpoint;
  readonly settings: Pick<ServerSettings, 'tls'>;
  /** The key that sets the port, such as `exporters::prometheus::endpoint`. */
  readonly configPath: string;
  /** The status if it can't be used. */
  readonly otherwise: 'warn' | 'fail';
}

/** Listens on an endpoint briefly, and reads the files of its `tls`, to check both. */
export async function endpointFindings(checked: EndpointToCheck): Promise<Finding[]> {
  return [await port(checked), ...(await tls(checked))];
}

async function port({ endpoint, configPath, otherwise }: EndpointToCheck): Promise<Finding> {
  const subject = `port ${endpoint.port}`;
  const tried = new Listeners({ endpoint, configPath, makeServer: () => createServer((_, response) => response.destroy()) });
  try {
    await tried.start();
    await tried.close();
    return { subject, status: 'ok', message: `free, for ${configPath}` };
  } catch (error) {
    return { subject, status: otherwise, message: (error as Error).message };
  }
}

async function tls({ endpoint, settings, configPath, otherwise }: EndpointToCheck): Promise<Finding[]> {
  if (settings.tls === undefined) return [];
  const { readServer } = await import('../tls/tls_material.ts');
  const subject = `tls ${endpoint.port}`;
  try {
    await readServer(settings.tls);
    return [{ subject, status: 'ok', message: `the certificate and its key can be used, for ${configPath}` }];
  } catch (error) {
    return [{ subject, status: otherwise, message: `${configPath}: ${(error as Error).message}` }];
  }
}
