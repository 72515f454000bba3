import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { otlpGrpcFactory } from '../../../src/exporters/otlp_grpc/factory.ts';
import { AttributeSet } from '../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { batch } from '../../support/rows.ts';
import { makeSettings, quietHost } from '../../support/settings.ts';
import { blockedBy } from '../blocked.ts';
import { ROOT } from '../lab.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const SERIES = 10_000;
const PUSHES = 15;
const WARM_UP = 5;

/** A push of 10,000 series of pods, over gRPC to another process. */
export const otlp: Measure = {
  name: 'otlp',
  what: `a push of ${SERIES} series of pods' drops and as many of their bytes, in this process; median of ${PUSHES}`,

  async run(lab) {
    const server = lab.spawn(process.execPath, [`${ROOT}test/bench/otlp_server.ts`]);
    if (server.stdout === null) throw new Error('no output');
    const [said] = (await once(server.stdout, 'data')) as [Buffer];
    const port = /port (\d+)/.exec(said.toString())?.[1];
    const config = otlpGrpcFactory.schema.parse({ endpoint: `127.0.0.1:${port}`, tls: { insecure: true } });
    const settings = makeSettings('otlp_grpc');
    let points = 0;
    const count = (name: string) => (added: number) => {
      if (name.includes('sent')) points += added;
    };
    const createCounter = { value: (name: string) => ({ add: count(name) }) };
    const meter = Object.create(settings.meter, { createCounter }) as typeof settings.meter;
    const exporter = await otlpGrpcFactory.create({ ...settings, meter }, config);
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
    return [
      { name: 'in all', value: median(times.map(({ all }) => all)), unit: 'ms' },
      { name: 'the event loop blocked at a stretch', value: median(times.map(({ blocked }) => blocked)), unit: 'ms', bar: 60 },
      { name: 'the same, at most', value: Math.max(...times.map(({ blocked }) => blocked)), unit: 'ms' },
    ];
  },
};

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
