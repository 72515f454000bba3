/**
 * Run by reloads.test.ts with --expose-gc: reloads a service of real components many times, and reports what the process
 * holds. Only the receiver is the test's own, because a real one needs privileges.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receiver } from '../../../src/component/component.ts';
import type { Consumer } from '../../../src/component/consumer.ts';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { Service } from '../../../src/service/service.ts';
import { Stage } from '../../support/components.ts';
import { flow, flowBatch } from '../../support/flows.ts';
import { certificate } from '../../support/kube_api/credentials.ts';

/** What a process may leak, after garbage collection. */
export interface Held {
  readonly heapBytes: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly descriptors: number;
  readonly listeners: number;
}

const SERIES = 500;
const WARM_UP = 10;
const RELOADS = 100;

const NETWORKS = Array.from({ length: SERIES }, (_, i) => flow(`10.0.${i >> 8}.${i & 255}`, '192.0.2.1'));
const read = (): DropBatch => flowBatch(NETWORKS, { trigger: 'interval', timeMillis: Date.now() });

class FlowReceiver implements Receiver {
  readonly collectionIntervalMillis = 10_000;
  readonly #next: Consumer;

  constructor(next: Consumer) {
    this.#next = next;
  }

  async start(): Promise<void> {}
  async read(): Promise<void> {
    this.#next.consume(read());
  }
  announce(): void {}
  hooks() {
    return [{ hook: 'kfree_skb', attached: true, rung: 'tracepoint', why: '', detail: '' }];
  }
  async shutdown(): Promise<void> {}
}

function held(): Held {
  global.gc?.();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const emitters = [process, process.stdout, process.stderr];
  return {
    heapBytes: process.memoryUsage().heapUsed,
    resources,
    descriptors: readdirSync('/proc/self/fd').length,
    listeners: emitters.flatMap((each) => each.eventNames().map((name) => each.listenerCount(name))).reduce((a, b) => a + b),
  };
}

const [directory = '', kind = ''] = process.argv.slice(2);
const path = join(directory, 'config.yaml');
process.env.KUBECONFIG = join(directory, 'kubeconfig');
// An API server that is away: nothing that waits for it may pile up.
writeFileSync(
  process.env.KUBECONFIG,
  JSON.stringify({
    'current-context': 'gone',
    clusters: [
      {
        name: 'gone',
        cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': certificate('ca.crt').toString('base64') },
      },
    ],
    users: [{ name: 'gone', user: { token: 'none' } }],
    contexts: [{ name: 'gone', context: { cluster: 'gone', user: 'gone' } }],
  }),
);

function write(round: number): void {
  const changes = kind === 'changed';
  // With a changed file every component is another one: another configuration, and for the last exporter another name.
  const name = changes ? `debug/${round}` : 'debug';
  const tag = changes ? String(round) : '';
  const interval = changes ? `${round + 1}s` : '1s';
  const file = {
    receivers: { source: { tag } },
    processors: {
      percpu_sum: null,
      k8s_attributes: { auth_type: 'kubeConfig', pending_timeout: `${changes ? round + 1 : 1}ms` },
      pod_drops: { context: 'local' },
      flow_attributes: { attributes: ['source.address'], max_series: SERIES + round },
    },
    exporters: {
      prometheus: { endpoint: 'localhost:0', resource_to_telemetry_conversion: { enabled: round % 2 === 1 } },
      otlp_grpc: { endpoint: '127.0.0.1:1', tls: { insecure: true }, timeout: interval },
      file: { path: join(directory, changes ? `flows-${round}` : 'flows') },
      [name]: { verbosity: 'normal' },
    },
    extensions: { health_check: { endpoint: 'localhost:0', path: `/${tag}` } },
    service: {
      extensions: ['health_check'],
      telemetry: {
        logs: { output_paths: ['/dev/null'] },
        metrics: { readers: [{ pull: { exporter: { prometheus: { port: 0 } } } }] },
      },
      pipelines: {
        metrics: {
          receivers: ['source'],
          processors: ['percpu_sum', 'k8s_attributes', 'pod_drops', 'flow_attributes'],
          exporters: ['prometheus', 'otlp_grpc', 'file', name],
        },
      },
    },
  };
  writeFileSync(path, JSON.stringify(file));
}

const [described] = new Stage().factories.receivers;
if (described === undefined) throw new Error('the stage has no receiver');
let receiver: FlowReceiver | undefined;
const source = {
  ...described,
  supplies: () => ['flows'] as const,
  create: async (_settings: unknown, _config: unknown, next: Consumer) => {
    receiver = new FlowReceiver(next);
    return receiver;
  },
};
write(0);
const service = new Service(() =>
  loadConfig({ files: [path], env: process.env, factories: { ...factories, receivers: [source] } }),
);
await service.start();
const all: Held[] = [];
for (let round = 1; round <= RELOADS; round++) {
  const isMeasured = round === WARM_UP || round === RELOADS;
  // Flows that wait for their pods are handed on by then, so that there are series to push.
  if (isMeasured) await sleep(1_500);
  write(kind === 'changed' ? round : 0);
  await receiver?.read();
  await service.reload();
  await receiver?.read();
  if (!isMeasured) continue;
  await sleep(500);
  all.push(held());
}
await service.shutdown();
process.send?.(all, () => process.exit());
