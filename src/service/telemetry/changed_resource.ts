import type { Attributes } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';

/** Another resource with other attributes. It follows that one, whose service.instance.id may change. */
export class ChangedResource implements Resource {
  readonly #from: Resource;
  readonly #change: (attributes: Attributes) => Attributes;
  #seen: Attributes | undefined;
  #current: Resource;

  constructor(from: Resource, change: (attributes: Attributes) => Attributes) {
    this.#from = from;
    this.#change = change;
    this.#current = from;
  }

  /** The same object until they change. */
  get attributes(): Attributes {
    return this.#look().attributes;
  }

  merge(other: Resource | null): Resource {
    return this.#look().merge(other);
  }

  getRawAttributes(): ReturnType<Resource['getRawAttributes']> {
    return this.#look().getRawAttributes();
  }

  #look(): Resource {
    const { attributes } = this.#from;
    if (attributes !== this.#seen) {
      this.#seen = attributes;
      this.#current = resourceFromAttributes(this.#change(attributes));
    }
    return this.#current;
  }
}
