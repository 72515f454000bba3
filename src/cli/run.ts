import type { LoadOptions } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Graph } from '../service/graph.ts';
import { Service } from '../service/service.ts';
import type { Io } from './io.ts';

/** The process ends this long after a signal at the latest, also where a peer holds up a reload that comes first: 5 s are promised. */
const END_MILLIS = 4_000;

/** `dropreason run`: resolves when a signal has ended the agent, and rejects where it can't start. */
export async function run(options: LoadOptions, { stdout }: Io): Promise<void> {
  const service = new Service(() => loadConfig(options));
  const ended = signals(service);
  stdout(greeting(await service.start()));
  await ended;
}

/** SIGTERM and SIGINT end the agent, SIGHUP has it read its configuration again; each waits for the one before it. */
function signals(service: Service): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let turn: Promise<void> = Promise.resolve();
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    const late = setTimeout(resolve, END_MILLIS);
    turn = turn
      .then(() => service.shutdown())
      .then(resolve, reject)
      .finally(() => clearTimeout(late));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', () => {
    turn = turn.then(() => (ending ? undefined : service.reload()));
    turn.catch(reject);
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
