import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { otlpGrpcFactory } from '../../../src/exporters/otlp_grpc/factory.ts';
import { otlpHttpFactory } from '../../../src/exporters/otlp_http/factory.ts';
import { AttributeSet } from '../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { batch } from '../../support/rows.ts';
import { makeSettings, quietHost } from '../../support/settings.ts';
import { Agent } from '../agent.ts';
import { blockedBy } from '../blocked.ts';
import { type Lab, ROOT } from '../lab.ts';
import type { Figure, Measure } from '../measure.ts';
import { residentMemory } from '../process_usage.ts';
import { median } from '../statistics.ts';

const SERIES = 10_000;
const PUSHES = 15;
const WARM_UP = 5;
/** Seconds that the compared agents run: long enough for the first release of memory that only the start needs. */
const COMPARED_SECONDS = 30;

/** Pushes of 10,000 series of pods to another process, over each carrier. */
export const otlp: Measure = {
  name: 'otlp',
  what: `a push of ${SERIES} series of pods' drops and as many of their bytes, in this process; median of ${PUSHES}`,

  async run(lab) {
    const { grpc, http } = await startServer(lab);
    const overGrpc = { endpoint: `127.0.0.1:${grpc}`, tls: { insecure: true } };
    const overHttp = { endpoint: `http://127.0.0.1:${http}` };
    return [
      ...(await push('gRPC', otlpGrpcFactory as ExporterFactory, overGrpc)),
      ...(await push('HTTP', otlpHttpFactory as ExporterFactory, overHttp)),
    ];
  },
};

/** Memory that pushing every second adds to an agent in basic mode. */
export const pushMemory: Measure = {
  name: 'push_memory',
  what: `resident memory of \`npm start\` that pushes every second over OTLP, beside one that doesn't, after ${COMPARED_SECONDS} s`,
  steady: true,

  async run(lab) {
    const { grpc, http } = await startServer(lab);
    const pushing = [
      `exporters.otlp_grpc={endpoint: "127.0.0.1:${grpc}", tls: {insecure: true}}`,
      `exporters.otlp_http={endpoint: "http://127.0.0.1:${http}"}`,
    ];
    const without = await residentWith(lab, []);
    const figures: Figure[] = [];
    for (const exporter of ['otlp_grpc', 'otlp_http']) {
      const set = [...pushing, `service.pipelines.metrics.exporters=[prometheus, ${exporter}]`];
      const more = (await residentWith(lab, set)) - without;
      figures.push({ name: `added by ${exporter}`, value: more, unit: 'MB', bar: 12, note: `to ${without.toFixed(1)} MB` });
    }
    return figures;
  },
};

async function startServer(lab: Lab): Promise<{ readonly grpc: number; readonly http: number }> {
  const server = lab.spawn(process.execPath, [`${ROOT}test/bench/otlp_server.ts`]);
  if (server.stdout === null) throw new Error('no output');
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const [, grpc, http] = /^grpc (\d+) http (\d+)$/m.exec(said.toString()) ?? [];
  return { grpc: Number(grpc), http: Number(http) };
}

async function push(carrier: string, factory: ExporterFactory, given: object): Promise<Figure[]> {
  const settings = makeSettings(factory.type);
  let points = 0;
  const count = (name: string) => (added: number) => {
    if (name.includes('sent')) points += added;
  };
  const createCounter = { value: (name: string) => ({ add: count(name) }) };
  const meter = Object.create(settings.meter, { createCounter }) as typeof settings.meter;
  const exporter = await factory.create({ ...settings, meter }, factory.schema.parse(given));
  await exporter.start(quietHost);
  const times: { all: number; blocked: number }[] = [];
  for (let push = 0; push < WARM_UP + PUSHES; push++) {
    const before = points;
    const measured = await blockedBy(async () => {
      exporter.consume(read());
      while (points - before < 2 * SERIES) await sleep(1);
    });
    if (push >= WARM_UP) times.push(measured);
  }
  await exporter.shutdown(2000);
  const blocked = times.map((time) => time.blocked);
  return [
    { name: `in all over ${carrier}`, value: median(times.map(({ all }) => all)), unit: 'ms' },
    { name: `the event loop blocked by it at a stretch`, value: median(blocked), unit: 'ms', bar: 10 },
    { name: 'the same, at most', value: Math.max(...blocked), unit: 'ms' },
  ];
}

async function residentWith(lab: Lab, set: readonly string[]): Promise<number> {
  const agent = await Agent.start(lab, { set: ['receivers.dropreason.collection_interval=1s', ...set] });
  for (let second = 0; second < COMPARED_SECONDS; second++) {
    await sleep(1000);
    await agent.scrape();
  }
  const { now } = residentMemory(agent.pid);
  await agent.stop();
  return now;
}

const ROWS = Array.from({ length: SERIES }, (_, index) => ({
  attributes: new AttributeSet({
    reason: 'IPTABLE_RULE_DROP',
    direction: index % 2 === 0 ? 'ingress' : 'egress',
    class: 'policy',
    'k8s.namespace.name': 'bench',
    'k8s.pod.name': `app-${index % 100}-6d4b-${index}`,
    'k8s.deployment.name': `app-${index % 100}`,
  }),
  drops: 3,
  bytes: 300,
}));

function read(): DropBatch {
  return batch([], { trigger: 'interval', pods: { rows: ROWS, ended: [] } });
}
