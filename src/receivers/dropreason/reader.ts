import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow, LossRow } from '../../pdata/batch.ts';
import type { DropreasonConfig } from './config.ts';
import { EntryRows } from './entry_rows.ts';
import { NodeRows } from './node_rows.ts';
import { RowAttributes } from './row_attributes.ts';
import { rowsAtStart } from './rows_at_start.ts';
import type { Session } from './session.ts';

/** Reads of one session: from the kernel's cumulative counts to what was added since the read before. */
export class Reader {
  readonly #session: Session;
  readonly #attributes: RowAttributes;
  readonly #nodeRows: NodeRows;
  readonly #entryRows: EntryRows;
  readonly #config: DropreasonConfig;
  /** By CPU and row, made when a row is first seen. */
  readonly #nodeAttributes = new Map<number, AttributeSet>();
  /** Taken from the kernel and not handed on yet: what a read that failed half-way had seen is in the next one. */
  #unread: { rows: DropRow[]; losses: LossRow[] } = { rows: [], losses: [] };
  #nested = 0;

  constructor(session: Session, config: DropreasonConfig) {
    const { probe, layout, reasons, byFunction } = session;
    this.#session = session;
    this.#config = config;
    this.#attributes = new RowAttributes(layout, reasons, config.attributes);
    this.#nodeRows = new NodeRows(probe, layout, reasons.listed);
    this.#entryRows = new EntryRows(probe, this.#attributes, { optIn: config.attributes.length > 0, byFunction });
  }

  /** The rows and slots that exist at 0. */
  atStart(): { rows: DropRow[]; losses: LossRow[] } {
    const { layout, probe, facts, hooks } = this.#session;
    const attached = (hook: string) => hooks.some((status) => status.hook === hook && status.attached);
    const rows = rowsAtStart(this.#attributes, {
      layout,
      cpus: probe.cpus,
      optIn: this.#config.attributes,
      connect: attached('connect'),
      accept: attached('accept'),
    });
    // Where the kernel has no guard nothing is skipped, and the slot is absent rather than 0.
    const slots = facts.guarded ? ['nested', ...layout.slots] : layout.slots;
    return { rows, losses: slots.map((slot) => ({ slot, count: 0 })) };
  }

  read(): { rows: DropRow[]; losses: LossRow[] } {
    const { layout, reasons } = this.#session;
    const firstSlot = reasons.listed << layout.reasonShift;
    const unread = this.#unread;
    const { rows, losses } = unread;
    this.#nodeRows.read((cpu, row, drops, bytes) => {
      if (row >= firstSlot) losses.push({ slot: layout.slots[row - firstSlot] as string, count: drops });
      else rows.push({ attributes: this.#attributesOf(cpu, row), drops, bytes });
    });
    this.#entryRows.read(rows);
    const nested = this.#nestedNow();
    if (nested > this.#nested) losses.push({ slot: 'nested', count: nested - this.#nested });
    this.#nested = nested;
    this.#unread = { rows: [], losses: [] };
    return unread;
  }

  /** Entries in use by map, where that is bounded. */
  get mapsUsed(): ReadonlyMap<string, number> {
    return this.#entryRows.used;
  }

  #attributesOf(cpu: number, row: number): AttributeSet {
    const key = cpu * this.#session.probe.rows + row;
    let attributes = this.#nodeAttributes.get(key);
    if (attributes === undefined) {
      attributes = this.#attributes.ofNodeRow(cpu, row);
      this.#nodeAttributes.set(key, attributes);
    }
    return attributes;
  }

  /** Drops in a softirq that interrupted the counting program: the kernel skips it for them, and counts them. */
  #nestedNow(): number {
    if (!this.#session.facts.guarded) return 0;
    return this.#session.probe.statistics().find(({ program }) => program === this.#session.dropProgram)?.recursionMisses ?? 0;
  }
}
