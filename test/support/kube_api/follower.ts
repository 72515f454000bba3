import { onTestFinished } from 'vitest';
import { loadKubeConfig } from '../../../src/kubernetes/kube_config.ts';
import { LIMITS, type Limits } from '../../../src/kubernetes/limits.ts';
import { ListWatch } from '../../../src/kubernetes/list_watch.ts';
import { RequestTurns } from '../../../src/kubernetes/request_turns.ts';
import { TIMING, type Timing } from '../../../src/kubernetes/timing.ts';
import { type LogLine, makeSettings } from '../settings.ts';
import { FakeKubeApi, type FakeKubeApiOptions, type KubeObject } from './fake_kube_api.ts';

/** Timeouts short enough for tests. */
export const QUICK: Timing = {
  ...TIMING,
  backoffMillis: 5,
  backoffMostMillis: 20,
  healthyMillis: 200,
  forbiddenMillis: 50,
  absentMillis: 100,
  // Long enough for a busy machine.
  pageMillis: 10_000,
  openMillis: 10_000,
  idleMillis: 10_000,
  settleMillis: 5,
};

export interface NameRecord {
  readonly uid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A list and watch against its own fake, and the events it has reported. */
export interface Follower {
  readonly api: FakeKubeApi;
  readonly listWatch: ListWatch<NameRecord>;
  /** The reported objects, by uid. */
  readonly known: Map<string, NameRecord>;
  /** `replaced 2`, `set a`, `deleted a`, in order. */
  readonly told: string[];
  readonly lines: readonly LogLine[];
  /** Names of the known objects, sorted. */
  names(): string[];
}

/** A fake API with these pods, and a started list and watch of them. */
export async function follow(
  names: readonly string[],
  given: {
    readonly timing?: Partial<Timing>;
    readonly api?: FakeKubeApiOptions;
    readonly path?: string;
    readonly name?: string;
    readonly query?: Readonly<Record<string, string>>;
    /** Port of another server instead of the fake. */
    readonly port?: number;
    readonly limits?: Partial<Limits>;
    /** Milliseconds between requests. Default: 0. */
    readonly turnMillis?: number;
    readonly prepare?: (api: FakeKubeApi) => void;
  } = {},
): Promise<Follower> {
  const api = await FakeKubeApi.start(given.api);
  onTestFinished(() => api.close());
  for (const name of names) api.put('pods', pod(name));
  given.prepare?.(api);
  const settings = makeSettings();
  const known = new Map<string, NameRecord>();
  const told: string[] = [];
  const listWatch = new ListWatch<NameRecord>({
    kubeConfig: await kubeConfigOf(api, given.port),
    resource: {
      name: given.name ?? 'pods',
      path: given.path ?? '/api/v1/pods',
      ...(given.query !== undefined && { query: given.query }),
      record: (object) => {
        const { uid = '', name, labels = {} } = (object as KubeObject).metadata;
        return labels.ignored === 'true' ? undefined : { uid, name, labels };
      },
    },
    events: {
      replaced: (all) => {
        known.clear();
        for (const record of all) known.set(record.uid, record);
        told.push(`replaced ${all.length}`);
      },
      set: (record) => {
        known.set(record.uid, record);
        told.push(`set ${record.name}`);
      },
      deleted: (uid) => {
        told.push(`deleted ${known.get(uid)?.name}`);
        known.delete(uid);
      },
    },
    logger: settings.logger,
    timing: { ...QUICK, ...given.timing },
    limits: { ...LIMITS, ...given.limits },
    turns: new RequestTurns(given.turnMillis ?? 0),
  });
  onTestFinished(() => listWatch.stop());
  listWatch.start();
  const sorted = () => [...known.values()].map(({ name }) => name).sort();
  return { api, listWatch, known, told, lines: settings.lines, names: sorted };
}

export function pod(name: string, labels: Readonly<Record<string, string>> = {}, node = 'worker-1'): KubeObject {
  return { metadata: { name, namespace: 'shop', labels }, spec: { nodeName: node } };
}

/** The kubeconfig as the agent loads it with `auth_type: kubeConfig`. */
export async function kubeConfigOf(api: FakeKubeApi, port = api.port): ReturnType<typeof loadKubeConfig> {
  const before = process.env.KUBECONFIG;
  process.env.KUBECONFIG = api.kubeConfigFile;
  // Reads the variable before the first await, so that several can be loaded at once.
  const loading = loadKubeConfig('kubeConfig');
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
  const kubeConfig = await loading;
  const server = `https://127.0.0.1:${port}`;
  if (port !== api.port) kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, server }));
  return kubeConfig;
}
