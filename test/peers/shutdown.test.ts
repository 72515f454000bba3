import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, agentConfig } from './agent.ts';
import { AGENT_MISSING, skipReason } from './peers.ts';

const LIMIT_MILLIS = 5_000;

describe.skipIf(skipReason(AGENT_MISSING))('an agent whose OTLP endpoint accepts and says nothing', () => {
  const sockets: Socket[] = [];
  let server: Server;

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
  });

  test('ends with 0 within five seconds of a SIGTERM', async () => {
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection');
    const agent = await Agent.start((ports) =>
      agentConfig(ports, { exporters: { otlp_grpc: { endpoint: `127.0.0.1:${port}`, tls: { insecure: true } } } }),
    );
    await connected;
    const asked = Date.now();
    const exit = await agent.stop();
    expect(exit, agent.log).toEqual({ code: 0, signal: null });
    expect(Date.now() - asked).toBeLessThan(LIMIT_MILLIS);
  });
});
