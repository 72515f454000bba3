import { createHash, randomUUID } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';

/** The instance id if the counts end with the process. A reload keeps it. */
const PROCESS_INSTANCE = randomUUID();

/** The namespace of our name-based UUIDs, generated randomly once. */
const NAMESPACE = Buffer.from('6d0f7a1c52a34c5e9c3b0b8c1f4e7d92', 'hex');

const ID = 'service.instance.id';

/**
 * The identity of the agent. Its service.instance.id lives as long as the counts. Pinned maps outlive the process, and each process reports
 * all drops since they were created, so a backend must see one continuous stream (docs/adr/0010).
 */
export class InstanceResource implements Resource {
  readonly #attributes: Attributes;
  readonly #isOurs: boolean;
  #current: Resource;

  /** `isOurs`: generate service.instance.id, because the user has not set it. */
  constructor(attributes: Attributes, { isOurs }: { readonly isOurs: boolean }) {
    this.#attributes = attributes;
    this.#isOurs = isOurs;
    this.#current = resourceFromAttributes(attributes);
    this.identify([]);
  }

  get attributes(): Attributes {
    return this.#current.attributes;
  }

  /** Sets the names of the counts that outlive the process. Each name stays the same as long as its counts exist. */
  identify(counted: readonly string[]): void {
    if (!this.#isOurs) return;
    const id = counted.length === 0 ? PROCESS_INSTANCE : uuidOf(counted.toSorted().join('\n'));
    if (id !== this.#current.attributes[ID]) this.#current = resourceFromAttributes({ ...this.#attributes, [ID]: id });
  }

  merge(other: Resource | null): Resource {
    return this.#current.merge(other);
  }

  getRawAttributes(): ReturnType<Resource['getRawAttributes']> {
    return this.#current.getRawAttributes();
  }
}

/** A version 5 UUID (RFC 9562, 5.5). */
function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
