import type { Component } from '../component/component.ts';
import type { Host } from '../component/host.ts';

/** A component with the name that messages give it, such as `exporters::prometheus`. */
export interface Named<C extends Component> {
  readonly name: string;
  readonly component: C;
}

/** Starts components in order; an error says which one could not. */
export async function startAll(components: readonly Named<Component>[], hostOf: (name: string) => Host): Promise<void> {
  for (const { name, component } of components) {
    try {
      await component.start(hostOf(name));
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

/** Shuts all down at once, within the deadline. */
export async function shutdownAll(components: readonly Named<Component>[], deadlineMillis: number): Promise<void> {
  await Promise.all(components.map(({ component }) => component.shutdown(deadlineMillis)));
}
