import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { Reader } from '../../../src/receivers/dropreason/rows/reader.ts';
import { openSession } from '../../../src/receivers/dropreason/session.ts';
import { SpoofedFlood } from '../../support/spoof.ts';
import { blockedBy } from '../blocked.ts';
import type { Lab } from '../lab.ts';
import type { Figure, Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const FLOWS = 65_536;
const READS = 15;
const WARM_UP = 3;
/** Enough datagrams with random addresses to fill the flow map twice. */
const TO_FILL = 4 * FLOWS;

/** A read of a full flow map, from the end of the generation to rows with addresses. */
export const drain: Measure = {
  name: 'drain',
  what: `milliseconds of a read of ${FLOWS} flows, the wait for the kernel included, and what of it holds the event loop; median of ${READS}`,

  async run(lab) {
    const still = await drains(lab, false);
    const flooded = await drains(lab, true);
    return [...figures('a full map', still), ...figures('a full map, in a flood of random addresses', flooded)];
  },
};

interface Times {
  readonly all: number;
  /** The longest time for which nothing else could run. */
  readonly blocked: number;
}

async function drains(lab: Lab, isFlooded: boolean): Promise<Times[]> {
  const config = configSchema.parse({ mode: 'advanced', flows: { max_entries: FLOWS } });
  const session = openSession(config);
  const flood = new SpoofedFlood();
  lab.defer(() => flood.remove());
  try {
    const reader = new Reader(session, config);
    reader.atStart();
    const times: Times[] = [];
    const load = isFlooded ? flood.start(1_000_000_000) : undefined;
    if (load !== undefined) lab.defer(() => void load.process.kill('SIGKILL'));
    for (let read = 0; read < WARM_UP + READS; read++) {
      if (load === undefined) flood.send(TO_FILL);
      else await sleep(500);
      const { flows, ...measured } = await timed(reader);
      if (flows !== FLOWS) throw new Error(`only ${flows} flows of ${FLOWS} were read`);
      if (read >= WARM_UP) times.push(measured);
    }
    load?.process.kill('SIGKILL');
    await load?.sent;
    return times;
  } finally {
    session.probe.close();
  }
}

/** A read next to a loop that always wants to run. */
async function timed(reader: Reader): Promise<Times & { readonly flows: number }> {
  let flows = 0;
  const times = await blockedBy(async () => {
    flows = (await reader.drain()).flows?.rows.length ?? 0;
  });
  return { ...times, flows };
}

function figures(of: string, times: readonly Times[]): Figure[] {
  const unit = 'ms';
  return [
    { name: of, value: median(times.map(({ all }) => all)), unit, bar: 100 },
    {
      name: `${of}: the event loop blocked at a stretch, at most`,
      value: Math.max(...times.map(({ blocked }) => blocked)),
      unit,
      bar: 50,
    },
  ];
}
