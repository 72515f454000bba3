import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, type File } from './agent.ts';
import { ClusterLab, FRESH, NODES } from './cluster_lab.ts';
import { CLUSTER, type ClusterObject, podObject } from './cluster_objects.ts';
import { pick, sum } from './metrics_text.ts';
import { CASES, CONTEXTS, type Context, due, NAMES, type Names, REASON, rise, type Told, told } from './pod_drop_cases.ts';
import { freePort } from './ports.ts';

/** Two pipelines of one receiver, each with an exporter for each naming. */
function configuration(ports: Readonly<Record<string, number>>, own: number, flows: string, pending: string): File {
  const labels = ['namespace', 'podname', 'workload', 'service'];
  const exporters = CONTEXTS.flatMap((context) => NAMES.map((names) => [`prometheus/${context}_${names}`, names] as const));
  const of = (context: Context) => exporters.map(([id]) => id).filter((id) => id.startsWith(`prometheus/${context}`));
  return {
    receivers: { dropreason: { mode: 'advanced', collection_interval: '1h' } },
    processors: {
      percpu_sum: {},
      'k8s_attributes/local': {
        auth_type: 'kubeConfig',
        filter: { node: 'node-a' },
        wait_for_metadata: true,
        pending_timeout: pending,
      },
      'k8s_attributes/remote': { auth_type: 'kubeConfig', wait_for_metadata: true, pending_timeout: pending },
      'pod_drops/local': { context: 'local', labels },
      'pod_drops/remote': { context: 'remote', source: labels, destination: labels },
    },
    exporters: {
      ...Object.fromEntries(exporters.map(([id, names]) => [id, { endpoint: `localhost:${ports[id]}`, metric_names: names }])),
      file: { path: flows },
    },
    service: {
      telemetry: {
        metrics: { level: 'detailed', readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: own } } } }] },
      },
      pipelines: {
        'metrics/local': {
          receivers: ['dropreason'],
          processors: ['percpu_sum', 'k8s_attributes/local', 'pod_drops/local'],
          exporters: of('local'),
        },
        'metrics/remote': {
          receivers: ['dropreason'],
          processors: ['percpu_sum', 'k8s_attributes/remote', 'pod_drops/remote'],
          exporters: [...of('remote'), 'file'],
        },
      },
    },
  };
}

/** The part of a Kubernetes API that the tests of drops by pod need. */
export interface ClusterApi {
  /** For KUBECONFIG. */
  readonly kubeConfigFile: string;
  /** Creates or replaces this object of `resource`, including its status. */
  put(resource: string, object: ClusterObject): Promise<void>;
  close(): Promise<void>;
}

/**
 * Drops packets between the pods of a {@link ClusterLab}, and compares the report of an agent, which gets the pods from that API, with what
 * was sent. `why`: the reason to skip.
 */
export function describeDropsByPod(startApi: () => Promise<ClusterApi>, why: string | false | undefined): void {
  describe.skipIf(why !== undefined && why !== false)('drops by pod, of real packets', () => {
    let lab: ClusterLab;
    let api: ClusterApi;
    let agent: Agent;
    let scratch = '';
    let own = 0;
    const ports: Record<string, number> = {};

    const scrape = (context: Context, names: Names) => agent.scrape(ports[`prometheus/${context}_${names}`]);
    const scrapeAll = async () => {
      const all: Record<string, Told> = {};
      for (const context of CONTEXTS)
        for (const names of NAMES) all[`${context} ${names}`] = told(await scrape(context, names), names);
      return all;
    };
    /** At every read: published + pending + overflow = node, in drops and bytes, for each pipeline. */
    const checkEquation = async () => {
      const series = await agent.scrape(own);
      for (const processor of ['k8s_attributes/local', 'k8s_attributes/remote']) {
        for (const [unit, pending] of [
          ['drops', 'dropreason_processor_pending'],
          ['bytes', 'dropreason_processor_pending_bytes'],
        ] as const) {
          const term = (name: string) => sum(pick(series, `dropreason_processor_flow_${unit}_total`, { processor, term: name }));
          const waiting = sum(pick(series, pending, { processor }));
          expect(term('published') + waiting + term('overflow'), `${processor} ${unit}`).toBe(term('node'));
        }
      }
    };

    beforeAll(async () => {
      execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
      scratch = mkdtempSync(join(tmpdir(), 'dropreason-pods-'));
      api = await startApi();
      for (const [resource, object] of CLUSTER) await api.put(resource, object);
      lab = new ClusterLab();
      own = await freePort();
      for (const context of CONTEXTS) for (const names of NAMES) ports[`prometheus/${context}_${names}`] = await freePort();
      agent = await Agent.start(
        {},
        {
          file: () => configuration(ports, own, join(scratch, 'flows.jsonl'), '1s'),
          env: { KUBECONFIG: api.kubeConfigFile },
          directory: scratch,
        },
      );
    }, 60_000);

    afterAll(async () => {
      await agent?.stop();
      await api?.close();
      lab?.remove();
      rmSync(scratch, { recursive: true, force: true });
    });

    for (const family of ['ipv4', 'ipv6'] as const) {
      for (const [index, each] of CASES.entries()) {
        test(`${each.what}, ${family}: both contexts, both namings`, async () => {
          const count = 11 + index * 3 + (family === 'ipv6' ? 1 : 0);
          const before = await scrapeAll();
          let bytes = 0;
          const counted = await lab.withRule(each.at, family, `${each.chain} -p udp --dport 53 -j DROP`, async () => {
            bytes = lab.send(each.from, each.to[family], count);
          });
          expect(counted).toEqual({ packets: count, bytes });
          // An unknown end may be waited for, for up to a second.
          let after = await scrapeAll();
          const expected = Object.fromEntries(
            CONTEXTS.flatMap((context) => NAMES.map((names) => [`${context} ${names}`, due(each, context, names, count, bytes)])),
          );
          const found = () =>
            Object.fromEntries(Object.keys(expected).map((key) => [key, rise(before[key] ?? {}, after[key] ?? {})]));
          await checkEquation();
          for (let tries = 0; tries < 30 && JSON.stringify(found()) !== JSON.stringify(expected); tries++) {
            await sleep(100);
            after = await scrapeAll();
            await checkEquation();
          }
          expect(found()).toEqual(expected);
        });
      }
    }

    test('a pod that becomes known after its first drops has them', async () => {
      const before = told(await scrape('remote', 'opentelemetry'), 'opentelemetry');
      const rule = 'FORWARD -p udp --dport 53 -j DROP';
      await lab.withRule('node-a', 'ipv4', rule, async () => void lab.send('a1', FRESH, 5));
      expect(rise(before, told(await scrape('remote', 'opentelemetry'), 'opentelemetry'))).toEqual({});
      await checkEquation();
      const fresh = podObject('b1', { metadata: { name: 'b9', uid: 'uid-b9' } });
      const status = { phase: 'Running', podIP: FRESH, podIPs: [{ ip: FRESH }], startTime: new Date().toISOString() };
      await api.put('pods', { ...fresh, status });
      let found: Told = {};
      for (let tries = 0; tries < 30; tries++) {
        found = rise(before, told(await scrape('remote', 'opentelemetry'), 'opentelemetry'));
        if (Object.keys(found).some((key) => key.includes('b9'))) break;
        await sleep(100);
      }
      expect(Object.entries(found)).toMatchObject([[expect.stringContaining('destination_k8s_pod_name=b9'), { drops: 5 }]]);
      await checkEquation();
    });

    test('the flows themselves are in the file, with both ends', async () => {
      await agent.stop();
      const lines = readFileSync(join(scratch, 'flows.jsonl'), 'utf8').trimEnd().split('\n');
      const flows = lines.map((line) => JSON.parse(line) as { drops: number; attributes: Record<string, unknown> });
      const between = (source: string, destination: string) =>
        flows
          .filter(({ attributes }) => attributes.reason === REASON)
          .filter(
            ({ attributes }) =>
              attributes['source.k8s.pod.name'] === source && attributes['destination.k8s.pod.name'] === destination,
          )
          .reduce((all, { drops }) => all + drops, 0);
      const sent = CASES.flatMap(({ ends }, index) => (ends.join() === 'a1,a2' ? [2 * (11 + index * 3) + 1] : []));
      expect(between('a1', 'a2')).toBe(sent.reduce((all, count) => all + count, 0));
      expect(Object.keys(NODES)).toContain(
        flows.find(({ attributes }) => attributes['source.k8s.node.name'])?.attributes['source.k8s.node.name'],
      );
    });
  });
}
