import { constants } from 'node:os';
import type { LoadOptions } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Graph } from '../service/graph.ts';
import { Service } from '../service/service.ts';
import type { Io } from './io.ts';
import type { Signals } from './signals.ts';

/** The longest time from a signal to the end of the process, also if a peer delays a reload before. 5 s are promised. */
const END_MILLIS = 4_000;
/** Two signals within this time count as one: a terminal sends one to npm and one to us, and npm forwards its own. */
const SAME_MILLIS = 500;

/**
 * `dropreason run`: resolves when a signal has ended the agent; rejects if it can't start.
 *
 * @returns 0, or 128 plus the number of a second signal, which leaves no time for the last read and push
 */
export async function run(
  options: LoadOptions,
  { stdout }: Pick<Io, 'stdout'>,
  signals: Pick<Signals, 'listen'>,
): Promise<number> {
  const service = new Service(() => loadConfig(options));
  const started = service.start();
  const ended = life(service, started, signals);
  const graph = await Promise.race([started, ended]);
  if (typeof graph === 'object') stdout(greeting(graph));
  return ended;
}

/**
 * SIGTERM and SIGINT end the agent, also during its start. A second one ends it at once. SIGHUP reloads the configuration. Each waits for
 * the previous one and for the start.
 */
function life(service: Service, started: Promise<unknown>, signals: Pick<Signals, 'listen'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const end = () => resolve(0);
  // If the start fails, `run` reports it.
  let turn: Promise<unknown> = started.catch(() => undefined);
  let endingSince: number | undefined;
  signals.listen((signal) => {
    if (signal === 'SIGHUP') {
      turn = turn.then(() => (endingSince === undefined ? service.reload() : undefined));
      turn.catch(reject);
      return;
    }
    if (endingSince !== undefined) {
      if (performance.now() - endingSince <= SAME_MILLIS) return;
      service.logger.warn(`second ${signal}: ending at once, counts since the last read and push are lost`);
      resolve(128 + constants.signals[signal]);
      return;
    }
    endingSince = performance.now();
    const late = setTimeout(end, END_MILLIS);
    void service.interrupt();
    turn = turn.then(() => service.shutdown());
    turn.then(end, reject).finally(() => clearTimeout(late));
  });
  return promise;
}

/** The hooks that are attached, where to see the counts, and a command to try. */
function greeting(graph: Graph): string {
  const hooks = graph.receivers.flatMap((receiver) => receiver.hooks());
  const attached = hooks.filter((hook) => hook.attached).map(({ hook, rung }) => `${hook} (${rung})`);
  const places = graph.places.length === 0 ? ['the debug output below'] : graph.places;
  return [
    `attached: ${attached.join(', ')}`,
    `look:     ${places.join(', ')}`,
    "try:      bash -c 'echo hello > /dev/udp/127.0.0.1/9'   (a datagram to a closed port: NO_SOCKET)",
    '',
  ].join('\n');
}
