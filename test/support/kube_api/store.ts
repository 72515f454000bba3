import { randomUUID } from 'node:crypto';

/** A Kubernetes object as JSON, with the fields that a list and watch need. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

export interface StoredObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly uid: string; readonly resourceVersion: string };
}

export type Selects = (object: StoredObject) => boolean;

export interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

interface Change {
  readonly revision: number;
  readonly resource: string;
  /** Undefined if it was created. */
  readonly before: StoredObject | undefined;
  /** Undefined if it was deleted. */
  readonly after: StoredObject | undefined;
  /** The object with the resourceVersion of the change. */
  readonly object: StoredObject;
}

const keyOf = ({ metadata: { namespace, name } }: KubeObject) => (namespace === undefined ? name : `${namespace}/${name}`);

/** The data of an API server: objects by resource, and the changes since the last compaction, with one revision counter. */
export class Store {
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  #changes: Change[] = [];
  #compacted = 0;
  revision = 1000;

  /** Creates or replaces, by namespace and name. Sets a uid if there is none. */
  put(resource: string, given: KubeObject): StoredObject {
    const objects = this.#of(resource);
    const key = keyOf(given);
    const before = objects.get(key);
    const revision = ++this.revision;
    const uid = given.metadata.uid ?? before?.metadata.uid ?? randomUUID();
    const object = { ...given, metadata: { ...given.metadata, uid, resourceVersion: `${revision}` } };
    objects.set(key, object);
    // Another uid means another object: the old one is deleted first.
    const same = before?.metadata.uid === uid;
    if (before !== undefined && !same) this.#changes.push(this.#deletion(resource, before, revision));
    this.#changes.push({ revision, resource, before: same ? before : undefined, after: object, object });
    return object;
  }

  /** Deletes by uid, by `namespace/name`, or by name if it has no namespace. False if there is no such object. */
  remove(resource: string, uidOrName: string): boolean {
    const objects = this.#of(resource);
    const found = [...objects].find(([key, { metadata }]) => key === uidOrName || metadata.uid === uidOrName);
    if (found === undefined) return false;
    objects.delete(found[0]);
    this.#changes.push(this.#deletion(resource, found[1], ++this.revision));
    return true;
  }

  /** Forgets all changes: watches from an older revision get a 410. */
  compact(): void {
    this.#changes = [];
    this.#compacted = ++this.revision;
  }

  list(resource: string, selects: Selects): StoredObject[] {
    return [...this.#of(resource).values()].filter(selects);
  }

  /** The events for a watch of this selection after `revision`, or undefined if they were compacted. */
  eventsAfter(revision: number, resource: string, selects: Selects): Event[] | undefined {
    if (revision < this.#compacted) return undefined;
    return this.#changes
      .filter((change) => change.revision > revision && change.resource === resource)
      .flatMap(({ before, after, object }): Event[] => {
        const was = before !== undefined && selects(before);
        const is = after !== undefined && selects(after);
        if (is) return [{ type: was ? 'MODIFIED' : 'ADDED', object }];
        return was ? [{ type: 'DELETED', object }] : [];
      });
  }

  #deletion(resource: string, before: StoredObject, revision: number): Change {
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: `${revision}` } };
    return { revision, resource, before, after: undefined, object };
  }

  #of(resource: string): Map<string, StoredObject> {
    const objects = this.#objects.get(resource) ?? new Map<string, StoredObject>();
    this.#objects.set(resource, objects);
    return objects;
  }
}

/** `fieldSelector` and `labelSelector` of a query, only equality, such as `spec.nodeName=worker-1` or `app=web,tier!=db`. */
export function selector(query: URLSearchParams, namespace: string | undefined): Selects {
  const terms = (name: string) => (query.get(name) ?? '').split(',').filter((term) => term !== '');
  const met = (term: string, lookUp: (key: string) => unknown) => {
    const [, key = '', not, value] = /^([^=!]+)(!)?==?(.*)$/.exec(term) ?? [undefined, term];
    const found = lookUp(key);
    if (value === undefined) return found !== undefined;
    return ((found ?? '') === value) === (not === undefined);
  };
  const fields = terms('fieldSelector');
  const labels = terms('labelSelector');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    fields.every((term) => met(term, (key) => at(object, key))) &&
    labels.every((term) => met(term, (key) => object.metadata.labels?.[key]));
}

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
