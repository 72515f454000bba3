/**
 * Loaded into the agent under test (`--expose-gc --import`). It answers connections to DROPREASON_SOAK_SOCKET with the live objects after
 * a garbage collection, so that garbage neither hides a leak nor looks like one. Plain JavaScript, because Node keeps some 100 MB if it
 * has to read TypeScript.
 */
import { createServer } from 'node:net';

const server = createServer((socket) => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  socket.end(JSON.stringify({ heapBytes: heapUsed + external, resources: process.getActiveResourcesInfo().length }));
});
server.listen(process.env.DROPREASON_SOAK_SOCKET);
server.unref();
