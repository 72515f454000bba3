import { z } from 'zod';
import type { Exporter, Extension, Processor, Receiver } from '../../src/component/component.ts';
import type { Consumer } from '../../src/component/consumer.ts';
import { ComponentError } from '../../src/component/errors.ts';
import type { Factories, Settings } from '../../src/component/factory.ts';
import type { Host } from '../../src/component/host.ts';
import type { HookStatus } from '../../src/pdata/batch.ts';
import { resourceFactory } from '../../src/processors/resource/factory.ts';
import { batch, row } from './rows.ts';

const schema = z.strictObject({
  /** Ignored by the component. Makes two configurations differ. */
  tag: z.string().default(''),
  /** Makes the start fail with this message. */
  fails: z.string().default(''),
  /** The name of counts of a receiver that outlive the process. */
  instance: z.string().optional(),
  /** The start hangs until the shutdown. */
  hangs: z.boolean().default(false),
  /** Creating it fails. */
  unmakeable: z.boolean().default(false),
});
type Config = z.output<typeof schema>;

/** Minimal components that work like real ones and record what happens to them. */
export class Stage {
  /** `start exporters::sink`, `stop receivers::source`, … in order. */
  readonly journal: string[] = [];
  /** All receivers by id in order of creation; the newest of an id is last. */
  readonly receivers: SourceReceiver[] = [];
  readonly exporters: SinkExporter[] = [];
  readonly factories: Factories;

  constructor() {
    const make =
      <C>(kind: string, each: (settings: Settings, config: Config, next: Consumer) => C) =>
      async (settings: Settings, config: unknown, next?: Consumer): Promise<C> => {
        const given = config as Config;
        if (given.unmakeable) throw new ComponentError(`${kind} ${settings.id} can't be made`);
        return each(settings, given, next ?? { consume: () => {} });
      };
    const described = (type: string) => ({ type, description: `A ${type} for tests.`, schema });
    const keep = <T>(all: T[], one: T): T => {
      all.push(one);
      return one;
    };
    this.factories = {
      receivers: [
        {
          ...described('source'),
          create: make('receivers', (settings, config, next) =>
            keep(this.receivers, new SourceReceiver(this.journal, `receivers::${settings.id}`, config, next)),
          ),
        },
      ],
      processors: [
        {
          ...described('pass'),
          create: make(
            'processors',
            (settings, config, next) => new PassProcessor(this.journal, `processors::${settings.id}`, config, next),
          ),
        },
        resourceFactory,
      ],
      exporters: [
        {
          ...described('sink'),
          create: make('exporters', (settings, config) =>
            keep(this.exporters, new SinkExporter(this.journal, `exporters::${settings.id}`, config, settings)),
          ),
        },
      ],
      extensions: [
        {
          ...described('aside'),
          create: make(
            'extensions',
            (settings, config): Extension => new Life(this.journal, `extensions::${settings.id}`, config),
          ),
        },
      ],
    };
  }

  /** What happened since the last call. */
  news(): string[] {
    return this.journal.splice(0);
  }

  receiver(name: string): SourceReceiver {
    return this.receivers.findLast((each) => each.name === `receivers::${name}`) as SourceReceiver;
  }

  exporter(name: string): SinkExporter {
    return this.exporters.findLast((each) => each.name === `exporters::${name}`) as SinkExporter;
  }
}

class Life {
  readonly name: string;
  protected readonly journal: string[];
  readonly #config: Config;
  readonly #stopped = Promise.withResolvers<void>();
  host: Host | undefined;

  constructor(journal: string[], name: string, config: Config) {
    this.journal = journal;
    this.name = name;
    this.#config = config;
  }

  async start(host: Host): Promise<void> {
    this.journal.push(`start ${this.name}`);
    this.host = host;
    if (this.#config.fails !== '') throw new ComponentError(this.#config.fails);
    if (this.#config.hangs) await this.#stopped.promise;
  }

  async shutdown(_deadlineMillis: number): Promise<void> {
    this.journal.push(`stop ${this.name}`);
    this.#stopped.resolve();
  }
}

/** Reads what a test put into `pending`, also once at the end. */
export class SourceReceiver extends Life implements Receiver {
  readonly collectionIntervalMillis = 10_000;
  readonly #next: Consumer;
  pending = 0;
  reads = 0;
  announced = 0;
  failure: Error | undefined;
  readonly instance: string | undefined;
  status: readonly HookStatus[] = [{ hook: 'kfree_skb', attached: true, rung: 'tracepoint', why: '', detail: '' }];

  constructor(journal: string[], name: string, config: Config, next: Consumer) {
    super(journal, name, config);
    this.#next = next;
    this.instance = config.instance;
  }

  async read(trigger: 'interval' | 'request'): Promise<void> {
    this.reads += 1;
    if (this.failure !== undefined) throw this.failure;
    this.#next.consume(batch([row({ reason: this.name }, this.pending)], { trigger }));
    this.pending = 0;
  }

  announce(): void {
    this.announced += 1;
    this.#next.consume(batch([row({ reason: this.name }, 0)]));
  }

  hooks(): readonly HookStatus[] {
    return this.status;
  }

  override async shutdown(deadlineMillis: number): Promise<void> {
    if (this.host !== undefined) await this.read('request');
    await super.shutdown(deadlineMillis);
  }
}

class PassProcessor extends Life implements Processor {
  readonly #next: Consumer;

  constructor(journal: string[], name: string, config: Config, next: Consumer) {
    super(journal, name, config);
    this.#next = next;
  }

  async handOver(): Promise<void> {
    this.journal.push(`hand over ${this.name}`);
  }

  consume(given: ReturnType<typeof batch>): void {
    this.journal.push(`pass ${this.name}`);
    this.#next.consume(given);
  }
}

/** Sums drops by reason, across reloads. */
export class SinkExporter extends Life implements Exporter {
  readonly place = `curl ${this.name}`;
  readonly sums: Map<string, number>;
  readonly settings: Settings;

  constructor(journal: string[], name: string, config: Config, settings: Settings) {
    super(journal, name, config);
    this.settings = settings;
    this.sums = settings.keep('sums', () => new Map());
  }

  reopen(): void {
    this.journal.push(`reopen ${this.name}`);
  }

  consume({ rows }: ReturnType<typeof batch>): void {
    for (const { attributes, drops } of rows) {
      const reason = String(attributes.get('reason'));
      this.sums.set(reason, (this.sums.get(reason) ?? 0) + drops);
    }
  }
}
