import { command } from '../../kernel/command.ts';

/** Network modules that nothing else here uses. */
const MODULES = ['sch_sfq', 'nft_quota', 'xt_length', 'nlmon'];

/** Loads and unloads modules, one after another, until stopped. Counts the rounds. */
export class ModuleLoader {
  #over = false;
  #rounds = 0;
  #troubles = new Set<string>();
  readonly #done: Promise<void>;

  constructor() {
    this.#done = this.#run();
  }

  async stop(): Promise<{ rounds: number; troubles: string[] }> {
    this.#over = true;
    await this.#done;
    return { rounds: this.#rounds, troubles: [...this.#troubles] };
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#over && this.#troubles.size < MODULES.length; i++) {
      const module = MODULES[i % MODULES.length] ?? '';
      try {
        await command('modprobe', [module]);
        await command('modprobe', ['-r', module]);
        this.#rounds++;
      } catch (error) {
        this.#troubles.add(`${module}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
