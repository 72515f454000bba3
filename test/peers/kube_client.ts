import { Agent, request } from 'node:https';

/** An object of Kubernetes', as YAML and JSON have it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

export interface KubeAnswer {
  readonly status: number;
  /** The body as JSON, or as a string where it isn't. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the server's, and a test looks at what it asked for.
  readonly body: any;
}

/** Plural and whether it is in a namespace, of the kinds that tests and manifests have. */
const KINDS: Readonly<Record<string, readonly [plural: string, namespaced: boolean]>> = {
  Namespace: ['namespaces', false],
  Node: ['nodes', false],
  Pod: ['pods', true],
  Service: ['services', true],
  ServiceAccount: ['serviceaccounts', true],
  ConfigMap: ['configmaps', true],
  EndpointSlice: ['endpointslices', true],
  DaemonSet: ['daemonsets', true],
  ReplicaSet: ['replicasets', true],
  Job: ['jobs', true],
  ClusterRole: ['clusterroles', false],
  ClusterRoleBinding: ['clusterrolebindings', false],
  CustomResourceDefinition: ['customresourcedefinitions', false],
  MetricsConfiguration: ['metricsconfigurations', false],
};

/** Plain requests to an API server, independent of the client library that the agent uses. */
export class KubeClient {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(url: string, ca: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ ca });
  }

  /** Whatever the server answers; rejects only where it doesn't. */
  request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<KubeAnswer> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': contentType }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#url), { method, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  /** The object as the server has it now. */
  get(object: KubeObject): Promise<KubeObject> {
    return this.#wanted('GET', pathOf(object));
  }

  /** Creates an object and, where it has one, writes its status, as a kubelet or a controller would. */
  async create(object: KubeObject): Promise<KubeObject> {
    const created = await this.#wanted('POST', collectionOf(object), object);
    return object.status === undefined ? created : this.setStatus(created, object.status);
  }

  /** Replaces the object, whatever version the server has. */
  async update(object: KubeObject): Promise<KubeObject> {
    const { metadata } = await this.get(object);
    const resourceVersion = metadata.resourceVersion;
    return this.#wanted('PUT', pathOf(object), { ...object, metadata: { ...object.metadata, resourceVersion } });
  }

  async setStatus(object: KubeObject, status: unknown): Promise<KubeObject> {
    return this.#wanted('PUT', `${pathOf(object)}/status`, { ...(await this.get(object)), status });
  }

  /** At once: no kubelet is there to end a pod gracefully. */
  async delete(object: KubeObject): Promise<void> {
    await this.#wanted('DELETE', pathOf(object), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  }

  /** Creates the object, or changes it to this, as `kubectl apply --server-side` does; rejects with the server's words. */
  apply(object: KubeObject, { dryRun = false } = {}): Promise<KubeObject> {
    const query = new URLSearchParams({ fieldManager: 'test', fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) });
    return this.#wanted('PATCH', `${pathOf(object)}?${query}`, object, 'application/apply-patch+yaml');
  }

  /** A token of that ServiceAccount, as a kubelet asks for one. */
  async serviceAccountToken(namespace: string, name: string, seconds = 3_600): Promise<string> {
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: seconds } };
    const { status } = await this.#wanted('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, asked);
    return (status as { token: string }).token;
  }

  async #wanted(method: string, path: string, body?: unknown, contentType?: string): Promise<KubeObject> {
    const answer = await this.request(method, path, body, contentType);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.message ?? answer.body}`);
    return answer.body;
  }
}

/** The path of the list that an object is in. */
function collectionOf({ apiVersion, kind, metadata }: KubeObject): string {
  const [plural, namespaced] = KINDS[kind] ?? [];
  if (plural === undefined) throw new Error(`add ${kind} to the kinds that tests know`);
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}${namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''}/${plural}`;
}

function pathOf(object: KubeObject): string {
  return `${collectionOf(object)}/${object.metadata.name}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
