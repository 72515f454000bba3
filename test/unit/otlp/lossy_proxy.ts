import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a server, which can lose what either end says. */
export class LossyProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  /** Whether answers are lost on their way. */
  losesAnswers = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  static async before(target: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets all connections to clients. */
  reset(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  stop(): void {
    this.reset();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    this.#clients.add(client);
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => {
      if (!this.losesAnswers) client.write(chunk);
    });
    client.on('close', () => {
      this.#clients.delete(client);
      server.destroy();
    });
    server.on('close', () => client.destroy());
    for (const each of [client, server]) each.on('error', () => {});
  }
}
