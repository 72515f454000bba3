/**
 * Loaded into the agent that soaks (`--expose-gc --import`): answers whoever connects to DROPREASON_SOAK_SOCKET with what is alive once
 * the garbage is gone, so that no garbage hides a leak or looks like one. Plain JavaScript, for Node keeps some 100 MB where it has
 * to read TypeScript.
 */
import { createServer } from 'node:net';

const server = createServer((socket) => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  socket.end(JSON.stringify({ heapBytes: heapUsed + external, resources: process.getActiveResourcesInfo().length }));
});
server.listen(process.env.DROPREASON_SOAK_SOCKET);
server.unref();
