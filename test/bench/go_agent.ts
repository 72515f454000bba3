import { once } from 'node:events';
import { type Lab, ROOT, run } from './lab.ts';
import { scrapeOf } from './scrape.ts';

/** An agent in Go with the same number of counters and the same labels. Undefined if Go is not available. */
export async function startGoAgent(lab: Lab, pods: number, destinations: number) {
  const file = run('sh', [`${ROOT}scripts/go_peer.sh`, 'go_agent-1.25.0', `${ROOT}test/bench/go_agent`, '.']).trim();
  if (file === '') return undefined;
  const child = lab.spawn(file, [`${pods}`, `${destinations}`]);
  if (child.stdout === null) throw new Error('no output');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(/port (\d+)/.exec(said.toString())?.[1]);
  return {
    pid: child.pid as number,
    scrape: () => scrapeOf(port),
    /** Every counter. */
    rise: () => scrapeOf(port, '/rise'),
  };
}
