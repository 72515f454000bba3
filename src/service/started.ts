import type { Component } from '../component/component.ts';
import type { Host } from '../component/host.ts';

/** A component with the name that messages give it, such as `exporters::prometheus`. */
export interface Named<C extends Component> {
  readonly name: string;
  readonly component: C;
}

/** The start was interrupted: no component is to blame. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Starts components one after another, and can be interrupted while it does. */
export class Starter {
  readonly #hostOf: (name: string) => Host;
  #isInterrupted = false;
  /** What is starting now. */
  #current: Component | undefined;

  constructor(hostOf: (name: string) => Host) {
    this.#hostOf = hostOf;
  }

  /**
   * In order; an error says which one could not.
   * @throws Interrupted once it was interrupted: nothing more starts.
   */
  async start(components: readonly Named<Component>[]): Promise<void> {
    for (const { name, component } of components) {
      this.#check();
      this.#current = component;
      try {
        await component.start(this.#hostOf(name));
      } catch (error) {
        this.#check();
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      } finally {
        this.#current = undefined;
      }
      this.#check();
    }
  }

  /** Has the component that is starting end that, by its `shutdown`. */
  async interrupt(deadlineMillis: number): Promise<void> {
    this.#isInterrupted = true;
    await this.#current?.shutdown(deadlineMillis);
  }

  #check(): void {
    if (this.#isInterrupted) throw new Interrupted('the start was interrupted');
  }
}

/** Shuts all down at once, within the deadline. */
export async function shutdownAll(components: readonly Named<Component>[], deadlineMillis: number): Promise<void> {
  await Promise.all(components.map(({ component }) => component.shutdown(deadlineMillis)));
}
