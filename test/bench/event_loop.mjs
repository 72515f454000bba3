// Loaded before the agent's own code (`--import`). At each SIGUSR2 it prints the longest time, in milliseconds, for which nothing could
// run in the process since the last SIGUSR2.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MILLIS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
delay.enable();
process.on('SIGUSR2', () => {
  // The histogram records the time from one tick to the next.
  const millis = Math.max(0, delay.max / 1e6 - RESOLUTION_MILLIS);
  process.stderr.write(`blocked ${millis.toFixed(3)}\n`);
  delay.reset();
});
