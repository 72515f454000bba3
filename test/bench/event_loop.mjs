// Loaded before an agent's own code (`--import`): at each SIGUSR2 it prints for how many milliseconds nothing could run in the
// process, at most, since the SIGUSR2 before.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MILLIS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
delay.enable();
process.on('SIGUSR2', () => {
  // What is recorded is the time from one tick to the next.
  const millis = Math.max(0, delay.max / 1e6 - RESOLUTION_MILLIS);
  process.stderr.write(`blocked ${millis.toFixed(3)}\n`);
  delay.reset();
});
