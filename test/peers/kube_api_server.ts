import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { KubeClient } from './kube_client.ts';
import { freePort } from './net.ts';
import { ETCD, KUBE_APISERVER } from './peers.ts';

/**
 * A real kube-apiserver over a real etcd, both on loopback: RBAC, TLS, tokens and watches are Kubernetes' own. There is no kubelet
 * and no controller, so what these would write (statuses, ReplicaSets, EndpointSlices) is for the test to write.
 */
export class KubeApiServer {
  readonly #directory: string;
  readonly #etcd: Child;
  readonly #flags: readonly string[];
  #server: Child;
  readonly url: string;
  readonly #adminToken: string;
  readonly #etcdUrl: string;

  private constructor(
    directory: string,
    etcd: Child,
    etcdUrl: string,
    flags: readonly string[],
    url: string,
    adminToken: string,
  ) {
    this.#directory = directory;
    this.#etcd = etcd;
    this.#etcdUrl = etcdUrl;
    this.#flags = flags;
    this.#server = new Child('kube-apiserver', KUBE_APISERVER.path, flags);
    this.url = url;
    this.#adminToken = adminToken;
  }

  /** Takes some seconds. `flags` go to kube-apiserver besides those that it needs. */
  static async start(...flags: readonly string[]): Promise<KubeApiServer> {
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-kubernetes-'));
    const etcdUrl = `http://127.0.0.1:${await freePort()}`;
    const etcd = new Child(
      'etcd',
      ETCD.path,
      etcdFlags(join(directory, 'etcd'), etcdUrl, `http://127.0.0.1:${await freePort()}`),
    );
    try {
      await etcd.ready(async () => (await fetch(`${etcdUrl}/health`)).ok);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
    const port = await freePort();
    const token = randomBytes(16).toString('hex');
    const all = [...serverFlags(directory, etcdUrl, port, token), ...flags];
    const server = new KubeApiServer(directory, etcd, etcdUrl, all, `https://127.0.0.1:${port}`, token);
    try {
      await server.#ready();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** May do everything. */
  get admin(): KubeClient {
    return this.client(this.#adminToken);
  }

  /** What its certificate is to be checked against, in PEM; it stays the same over a new start. */
  get ca(): string {
    return readFileSync(join(this.#directory, 'certificates', 'apiserver.crt'), 'utf8');
  }

  #ready(): Promise<void> {
    return this.#server.ready(async () => (await this.admin.request('GET', '/readyz')).status === 200);
  }

  /** Ends the API server alone: what is written stays. */
  async goAway(): Promise<void> {
    await this.#server.stop();
  }

  /** After `goAway`: the same server at the same address. */
  async comeBack(): Promise<void> {
    this.#server = new Child('kube-apiserver', KUBE_APISERVER.path, this.#flags);
    await this.#ready();
  }

  /** Has etcd forget everything but what is now, as it does every five minutes: no watch can resume from before. */
  async compact(): Promise<void> {
    const etcd = async (path: string, body: unknown) => {
      const response = await fetch(`${this.#etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as { header: { revision: string } };
    };
    // A write of its own first, so that everything that anyone has seen is before it.
    await etcd('put', { key: btoa('/compacted'), value: btoa(String(Date.now())) });
    const { header } = await etcd('range', { key: btoa('/compacted') });
    await etcd('compaction', { revision: header.revision, physical: true });
  }

  /** A client that shows this token. */
  client(token: string): KubeClient {
    return new KubeClient(this.url, this.ca, token);
  }

  /** Writes a KUBECONFIG file with this token and returns its path; it goes when the server stops. */
  kubeConfig(token: string): string {
    const path = join(this.#directory, `kubeconfig-${randomBytes(4).toString('hex')}`);
    const cluster = { server: this.url, 'certificate-authority-data': Buffer.from(this.ca).toString('base64') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  /** The end of what the API server said. */
  get log(): string {
    return this.#server.log;
  }

  async stop(): Promise<void> {
    // The server first: without etcd it would wait and complain.
    await this.#server.stop();
    await this.#etcd.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function etcdFlags(data: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
  ];
}

function serverFlags(directory: string, etcdUrl: string, port: number, adminToken: string): string[] {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signing = join(directory, 'service-accounts.key');
  const checking = join(directory, 'service-accounts.pub');
  const tokens = join(directory, 'tokens.csv');
  writeFileSync(signing, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(checking, publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(tokens, `${adminToken},admin,admin,system:masters\n`);
  return [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // It would publish its own address, and refuses to do that with one of loopback.
    '--endpoint-reconciler-type=none',
    `--cert-dir=${join(directory, 'certificates')}`,
    '--service-account-issuer=https://kubernetes.test',
    `--service-account-signing-key-file=${signing}`,
    `--service-account-key-file=${checking}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    // Pods are written without the service account that a controller would have made.
    '--disable-admission-plugins=ServiceAccount',
  ];
}
