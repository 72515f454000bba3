import { createNoopMeter } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { pino } from 'pino';
import type { Receiver } from '../../src/component/component.ts';
import type { DropBatch, HookStatus } from '../../src/pdata/batch.ts';
import type { DropRow } from '../../src/pdata/drop_row.ts';
import type { FlowRow } from '../../src/pdata/flow.ts';
import { flowRows } from '../../src/pdata/flow_columns.ts';
import type { FlowRead } from '../../src/pdata/flow_read.ts';
import { dropreasonFactory } from '../../src/receivers/dropreason/factory.ts';
import { type Meter, type MeterFlow, type MeterOptions, type MeterRow, type Reading, sumRows } from './meter.ts';

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

function toMeterFlow(flow: FlowRow): MeterFlow {
  const { source, destination, netns } = flow;
  return {
    ...toMeterRow(flow),
    netns,
    source: source.address?.text ?? '',
    destination: destination.address?.text ?? '',
  };
}

/** Differences between flows plus overflow and the increase of the rows, by all attributes that a row and its flows share. */
function inequalities(rows: readonly DropRow[], { rows: flows, overflow }: FlowRead): string[] {
  const sums = new Map<string, { drops: number; bytes: number }>();
  const add = (row: DropRow | FlowRow, sign: number) => {
    const { reason, direction, family, class: ofClass, error, drops, bytes } = toMeterRow(row);
    const key = [reason, direction, family, ofClass, error].join(' ');
    const sum = sums.get(key) ?? { drops: 0, bytes: 0 };
    sums.set(key, { drops: sum.drops + sign * drops, bytes: sum.bytes + sign * bytes });
  };
  for (const row of rows) add(row, 1);
  for (const flow of [...flowRows(flows), ...overflow]) add(flow, -1);
  return [...sums].flatMap(([key, { drops, bytes }]) =>
    drops === 0 && bytes === 0 ? [] : [`rows less flows and overflow of ${key}: ${drops} drops, ${bytes} bytes`],
  );
}

/** The agent's own receiver, with the attributes that distinguish a scenario's packets from all others. */
class ReceiverMeter implements Meter {
  #receiver: Receiver | undefined;
  #intervals = 0;
  #rows: readonly MeterRow[] = [];
  #flows: readonly MeterFlow[] | undefined;
  readonly #unequal: string[] = [];
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
      reloadedMillis: 0,
      keep: <T>(_name: string, make: () => T) => make(),
    };
    const attributes = ['network.type', 'network.namespace.inode'];
    const config = dropreasonFactory.schema.parse({
      attributes,
      collection_interval: '1h',
      ...this.#config,
    });
    this.#receiver = await dropreasonFactory.create(settings, config, { consume: (batch) => this.#add(batch) });
    await this.#receiver.start({ refresh: async () => {}, health: () => [], sources: () => [], authenticator: () => undefined });
  }

  async read(): Promise<Reading> {
    await this.#receiver?.read('request');
    return { rows: this.#rows, flows: this.#flows, unequal: [...this.#unequal], losses: { ...this.#losses } };
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

  #add({ trigger, rows, losses, flows }: DropBatch): void {
    if (trigger === 'interval') this.#intervals++;
    this.#rows = sumRows([...this.#rows, ...rows.map(toMeterRow)]);
    if (flows !== undefined) {
      this.#flows = sumRows([...(this.#flows ?? []), ...Array.from(flowRows(flows.rows), toMeterFlow)]);
      this.#unequal.push(...inequalities(rows, flows));
    }
    for (const { slot, count } of losses) this.#losses[slot] = (this.#losses[slot] ?? 0) + count;
  }
}

export function createMeter(options: MeterOptions = {}): Meter {
  return new ReceiverMeter(options);
}
