import type { Component } from '../component/component.ts';
import type { Host } from '../component/host.ts';

/** A component with its name in messages, such as `exporters::prometheus`. */
export interface Named<C extends Component> {
  readonly name: string;
  readonly component: C;
}

/** The start was interrupted. Not an error of a component. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Starts components one after another. Can be interrupted. */
export class Starter {
  readonly #hostOf: (name: string) => Host;
  #isInterrupted = false;
  /** The component that is being started. */
  #current: Component | undefined;

  constructor(hostOf: (name: string) => Host) {
    this.#hostOf = hostOf;
  }

  /**
   * Starts them in order. An error names the component that failed.
   * @throws Interrupted after an interrupt. Nothing more is started.
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

  /** Ends the start in progress by calling `shutdown` of the component. */
  async interrupt(deadlineMillis: number): Promise<void> {
    this.#isInterrupted = true;
    await this.#current?.shutdown(deadlineMillis);
  }

  #check(): void {
    if (this.#isInterrupted) throw new Interrupted('the start was interrupted');
  }
}

/** Shuts down all components concurrently, within the deadline. */
export async function shutdownAll(components: readonly Named<Component>[], deadlineMillis: number): Promise<void> {
  await Promise.all(components.map(({ component }) => component.shutdown(deadlineMillis)));
}
