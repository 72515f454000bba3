import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ComponentError } from '../component/errors.ts';
import { type Endpoint, formatEndpoint } from '../component/schema.ts';

export interface ListenersOptions {
  readonly endpoint: Endpoint;
  /** The key that sets the port, such as `exporters::prometheus::endpoint`. */
  readonly configPath: string;
  /** Creates the server for one address. */
  readonly makeServer: () => Server;
}

/** Servers on the addresses of one endpoint. `localhost` is 127.0.0.1 and, if available, ::1. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #servers: Server[] = [];

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** The port that it listens on. The system chooses it if the endpoint's is 0. Undefined while not listening. */
  get port(): number | undefined {
    return (this.#servers[0]?.address() as AddressInfo | null | undefined)?.port;
  }

  /** @throws ComponentError if it can't listen. No socket is left open then. */
  async start(): Promise<void> {
    const { endpoint, makeServer } = this.#options;
    const { host, port } = endpoint;
    // An empty host means every address. Node listens on :: for both families, or on 0.0.0.0 without IPv6.
    const hosts = host === '' ? [undefined] : host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
    for (const [index, address] of hosts.entries()) {
      const server = makeServer();
      try {
        await listen(server, this.port ?? port, address);
        this.#servers.push(server);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (index > 0 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
        await this.close();
        throw new ComponentError(this.#why(code ?? String(error)));
      }
    }
  }

  /** Stops listening. Resolves when all connections have ended. */
  async close(): Promise<void> {
    const servers = this.#servers.splice(0);
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  #why(code: string): string {
    const { endpoint, configPath } = this.#options;
    const where = `can't listen on ${formatEndpoint(endpoint)}`;
    const change = `change ${configPath}`;
    if (code === 'EADDRINUSE') return `${where}: another process uses port ${endpoint.port}; stop it, or ${change}`;
    if (code === 'EACCES') return `${where}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, or ${change}`;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      return `${where}: this host has no such address; ${change}`;
    }
    return `${where}: ${code}; ${change}`;
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }), ...(host === '::1' ? { ipv6Only: true } : {}) }, () => {
      server.off('error', reject);
      // Later errors concern single connections that can't be accepted, for example with too many open files. They must not end the agent.
      server.on('error', () => {});
      resolve();
    });
  });
}
