import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { AttributeSet } from '../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { NO_ATTRIBUTES } from '../../../src/pdata/flow.ts';
import { type FlowColumns, sumOfFlows } from '../../../src/pdata/flow_columns.ts';
import { IpAddress } from '../../../src/pdata/ip_address.ts';
import { k8sAttributesFactory } from '../../../src/processors/k8s_attributes/factory.ts';
import { podDropsFactory } from '../../../src/processors/pod_drops/factory.ts';
import { batch } from '../../support/rows.ts';
import { makeSettings, quietHost } from '../../support/settings.ts';
import { SpoofedFlood } from '../../support/spoof.ts';
import { Agent } from '../agent.ts';
import { startGoAgent } from '../go_agent.ts';
import { type Lab, ROOT } from '../lab.ts';
import type { Figure, Measure } from '../measure.ts';
import { DESTINATIONS, manyPods, PODS, sourceAddress } from '../pods_lab.ts';
import { residentMemory } from '../process_usage.ts';
import { median } from '../statistics.ts';

const SERIES = PODS * DESTINATIONS.length;
const SCRAPES = 20;
const WARM_UP = 3;
/** One scrape a second for this long, before memory is measured: by then the agent has released what its start needed. */
const SETTLE_SECONDS = 15;
const FLOWS = 65_536;
const BATCHES = 20;

const LABELS = '[namespace, podname, workload]';
const SET = [
  'receivers.dropreason.mode=advanced',
  'processors.k8s_attributes={auth_type: kubeConfig, wait_for_metadata: true, wait_for_metadata_timeout: 60s}',
  `processors.pod_drops={context: remote, source: ${LABELS}, destination: ${LABELS}}`,
  'service.pipelines.metrics.processors=[percpu_sum, k8s_attributes, pod_drops]',
  'service.pipelines.metrics.exporters=[prometheus]',
];

/** The agent as started by `npm start`, with an API of 5,000 pods, each of which loses packets to two others. */
export const pods: Measure = {
  name: 'pods',
  what: `${PODS} pods, ${SERIES} series of drops and as many of bytes, each risen since the scrape before; median of ${SCRAPES} scrapes`,

  async run(lab) {
    const api = await manyPods(lab);
    const flood = new SpoofedFlood();
    lab.defer(() => flood.remove());
    process.env.KUBECONFIG = api.kubeConfigFile;
    const agent = await Agent.start(lab, { set: SET, nodeOptions: `--import=${ROOT}test/bench/event_loop.mjs` });
    const [times, blocked]: [number[], number[]] = [[], []];
    for (let scrape = 0; scrape < SCRAPES + WARM_UP; scrape++) {
      for (const destination of DESTINATIONS) flood.sendFromEach(PODS, destination);
      await blockedSince(agent.child);
      const began = performance.now();
      const answer = await agent.ask();
      times.push(performance.now() - began);
      blocked.push(await blockedSince(agent.child));
      const found = answer.text().match(/^dropreason_pod_drop_count_total\{.*source_k8s_pod_name="app-.*$/gm)?.length;
      if (found !== SERIES) throw new Error(`${found} series of ${SERIES}`);
    }
    for (let second = 0; second < SETTLE_SECONDS; second++) {
      for (const destination of DESTINATIONS) flood.sendFromEach(PODS, destination);
      await agent.scrape();
      await sleep(1000);
    }
    const { now, peak } = residentMemory(agent.pid);
    await agent.stop();
    return [
      {
        name: `a scrape of ${SERIES} series of pods`,
        value: median(times.slice(WARM_UP)),
        unit: 'ms',
        bar: 40,
        note: 'the read of as many flows and gzip included',
      },
      { name: 'the event loop blocked by it at a stretch', value: median(blocked.slice(WARM_UP)), unit: 'ms', bar: 10 },
      { name: 'the same, at most', value: Math.max(...blocked.slice(WARM_UP)), unit: 'ms' },
      { name: `resident memory with ${PODS} pods and ${SERIES} series`, value: now, unit: 'MB', bar: 130 },
      { name: 'at the highest', value: peak, unit: 'MB' },
      ...(await peer(lab)),
    ];
  },
};

/** The longest time, in milliseconds, for which nothing could run in a process since the last call. */
async function blockedSince(child: ChildProcess): Promise<number> {
  const { stderr } = child;
  if (stderr === null) throw new Error('no output');
  return new Promise((resolve) => {
    let text = '';
    const listen = (chunk: Buffer) => {
      text += chunk.toString();
      const [, millis] = /^blocked (\S+)$/m.exec(text) ?? [];
      if (millis === undefined) return;
      stderr.off('data', listen);
      resolve(Number(millis));
    };
    stderr.on('data', listen);
    child.kill('SIGUSR2');
  });
}

/** The same page from client_golang: the same number of counters and the same labels, in a process that does nothing else. */
async function peer(lab: Lab): Promise<Figure[]> {
  const agent = await startGoAgent(lab, PODS, DESTINATIONS.length);
  if (agent === undefined) return [];
  const times: number[] = [];
  for (let scrape = 0; scrape < SCRAPES + WARM_UP; scrape++) {
    await agent.rise();
    const began = performance.now();
    const answer = await agent.scrape();
    times.push(performance.now() - began);
    const found = answer.text().match(/^dropreason_pod_drop_count_total\{.*source_k8s_pod_name="app-.*$/gm)?.length;
    if (found !== SERIES) throw new Error(`${found} series of ${SERIES}`);
  }
  return [
    { name: 'the same scrape of an agent in Go', value: median(times.slice(WARM_UP)), unit: 'ms', note: 'client_golang 1.25.0' },
    { name: 'its resident memory', value: residentMemory(agent.pid).now, unit: 'MB', note: 'it has these counters alone' },
  ];
}

/** Flows through k8s_attributes and pod_drops, in this process. */
export const attribution: Measure = {
  name: 'attribution',
  what: `time for a million flows through k8s_attributes and pod_drops; ${PODS} pods, ${FLOWS} flows a read, median of ${BATCHES}`,

  async run(lab) {
    const api = await manyPods(lab);
    process.env.KUBECONFIG = api.kubeConfigFile;
    let counted = 0;
    const last = {
      consume({ pods: told }: DropBatch) {
        counted += told?.rows.length ?? 0;
      },
    };
    const drops = await podDropsFactory.create(makeSettings('pod_drops'), podDropsFactory.schema.parse({}), last);
    const config = { auth_type: 'kubeConfig', wait_for_metadata: true, wait_for_metadata_timeout: '60s' };
    const attributes = await k8sAttributesFactory.create(
      makeSettings('k8s_attributes'),
      k8sAttributesFactory.schema.parse(config),
      drops,
    );
    await attributes.start(quietHost);
    const rates: number[] = [];
    for (let read = 0; read < BATCHES + 5; read++) {
      const rows = flowsOf(read);
      const given = batch([], { flows: { rows, overflow: [], node: sumOfFlows(rows) } });
      const began = performance.now();
      attributes.consume(given);
      rates.push(FLOWS / (performance.now() - began));
    }
    await attributes.shutdown(1000);
    if (counted === 0) throw new Error('no flow was told of a pod');
    return [
      {
        name: 'a million flows',
        value: 1e6 / median(rates.slice(5)),
        unit: 'ms',
        bar: 2000,
        note: `${Math.round(median(rates.slice(5)))} thousand a second, the bar is 500`,
      },
    ];
  },
};

/** Flows between the pods. Each address is a separate object, as a read decodes it. */
function flowsOf(read: number): FlowColumns {
  const kind = {
    attributes: new AttributeSet({ reason: 'IPTABLE_RULE_DROP', direction: 'forward', class: 'policy' }),
    transport: 'tcp',
    interface: 'eth0',
    netns: 1,
    netnsCookie: 1,
    netnsName: '',
  };
  const flows = Array.from({ length: FLOWS }, (_, flow) => flow);
  return {
    length: FLOWS,
    kinds: [kind],
    kind: new Uint32Array(FLOWS),
    addresses: Array.from({ length: PODS }, (_, index) => IpAddress.parse(sourceAddress(index))),
    who: Array.from({ length: PODS }, () => NO_ATTRIBUTES),
    source: Uint32Array.from(flows, (flow) => (flow * 7 + read) % PODS),
    destination: Uint32Array.from(flows, (flow) => (flow * 13 + 1) % PODS),
    port: new Uint16Array(FLOWS),
    drops: Float64Array.from(flows, (flow) => 1 + (flow % 3)),
    bytes: new Float64Array(FLOWS).fill(100),
  };
}
