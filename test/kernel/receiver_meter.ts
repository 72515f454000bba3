import { createNoopMeter } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { pino } from 'pino';
import type { Receiver } from '../../src/component/component.ts';
import type { DropBatch, DropRow, HookStatus } from '../../src/pdata/batch.ts';
import { dropreasonFactory } from '../../src/receivers/dropreason/factory.ts';
import { type Meter, type MeterOptions, type MeterRow, type Reading, sumRows } from './meter.ts';

function toMeterRow({ attributes, drops, bytes = 0 }: DropRow): MeterRow {
  const text = (name: string) => `${attributes.get(name) ?? ''}`;
  return {
    reason: text('reason'),
    direction: text('direction'),
    family: text('network.type'),
    netns: Number(attributes.get('network.namespace.inode') ?? 0),
    class: text('class'),
    error: text('error.type'),
    drops,
    bytes,
  };
}

/** The agent's own receiver, with the attributes that tell one scenario's packets from everybody else's. */
class ReceiverMeter implements Meter {
  #receiver: Receiver | undefined;
  #intervals = 0;
  #rows: readonly MeterRow[] = [];
  readonly #losses: Record<string, number> = {};
  readonly #config: Readonly<Record<string, unknown>>;

  constructor({ config = {} }: MeterOptions) {
    this.#config = config;
  }

  async start(): Promise<void> {
    const settings = {
      id: 'dropreason',
      logger: pino({ level: 'silent' }),
      meter: createNoopMeter(),
      resource: emptyResource(),
      keep: <T>(_name: string, make: () => T) => make(),
    };
    const attributes = ['network.type', 'network.namespace.inode'];
    const config = dropreasonFactory.schema.parse({
      attributes,
      attributes_max_entries: 65_536,
      collection_interval: '1h',
      ...this.#config,
    });
    this.#receiver = await dropreasonFactory.create(settings, config, { consume: (batch) => this.#add(batch) });
    await this.#receiver.start({ refresh: async () => {}, health: () => [] });
  }

  async read(): Promise<Reading> {
    await this.#receiver?.read('request');
    return { rows: this.#rows, losses: { ...this.#losses } };
  }

  async stop(): Promise<void> {
    await this.#receiver?.shutdown(1_000);
  }

  hooks(): readonly HookStatus[] {
    return this.#receiver?.hooks() ?? [];
  }

  get intervals(): number {
    return this.#intervals;
  }

  #add({ trigger, rows, losses }: DropBatch): void {
    if (trigger === 'interval') this.#intervals++;
    this.#rows = sumRows([...this.#rows, ...rows.map(toMeterRow)]);
    for (const { slot, count } of losses) this.#losses[slot] = (this.#losses[slot] ?? 0) + count;
  }
}

export function createMeter(options: MeterOptions = {}): Meter {
  return new ReceiverMeter(options);
}
