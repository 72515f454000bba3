import { constants } from 'node:os';
import type { LoadOptions } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Graph } from '../service/graph.ts';
import { Service } from '../service/service.ts';
import type { Io } from './io.ts';
import type { Signals } from './signals.ts';

/** The process ends this long after a signal at the latest, also where a peer holds up a reload that comes first: 5 s are promised. */
const END_MILLIS = 4_000;
/** A signal to end that comes twice within this time is one: a terminal sends it to npm and to us, and npm hands its own on. */
const SAME_MILLIS = 500;

/**
 * `dropreason run`: resolves when a signal has ended the agent, and rejects where it can't start.
 *
 * @returns 0, or 128 and the number of a second signal, which left no time for the last read and push
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
 * SIGTERM and SIGINT end the agent, also while it starts; a second one ends it at once. SIGHUP has it read its configuration
 * again. Each waits for the one before it, and for the start.
 */
function life(service: Service, started: Promise<unknown>, signals: Pick<Signals, 'listen'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const end = () => resolve(0);
  // Where the start fails, that is what `run` says.
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
      service.logger.warn(`${signal} once more: ends at once, and what was counted since the last read and push is lost`);
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

/** What is attached, where to look, and what to try. */
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
