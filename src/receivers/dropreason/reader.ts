import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow, LossRow } from '../../pdata/batch.ts';
import type { DropreasonConfig } from './config.ts';
import { EntryRows } from './entry_rows.ts';
import { CALL_PROGRAM, CALL_PROGRAM_OF_TWO } from './hooks.ts';
import { NodeRows } from './node_rows.ts';
import { noProgress, type Progress } from './progress.ts';
import { RowAttributes } from './row_attributes.ts';
import { rowsAtStart } from './rows_at_start.ts';
import { isAttached, type Session } from './session.ts';

/** Reads of one session: from the kernel's cumulative counts to what was added since the read before. */
export class Reader {
  readonly #session: Session;
  readonly #attributes: RowAttributes;
  readonly #nodeRows: NodeRows;
  readonly #entryRows: EntryRows;
  readonly #config: DropreasonConfig;
  /** By CPU and row, made when a row is first seen. */
  readonly #nodeAttributes = new Map<number, AttributeSet>();
  readonly #progress: Progress;

  /** What stands in `progress` was handed on before. */
  constructor(session: Session, config: DropreasonConfig, progress = noProgress(2 * session.probe.cpus * session.probe.rows, 0)) {
    const { probe, layout, reasons, named, byFunction, chainsTell, facts } = session;
    this.#session = session;
    this.#config = config;
    this.#progress = progress;
    this.#attributes = new RowAttributes({ layout, reasons, config, named, byFunction, chainsTell });
    this.#nodeRows = new NodeRows(probe, layout, reasons.listed, progress.node);
    const isKeyed = named || config.attributes.length > 0;
    this.#entryRows = new EntryRows(probe, this.#attributes, {
      rescuedReason: layout.rescued,
      maps: [...(isKeyed ? (['attributes'] as const) : []), 'unlisted', ...(facts.guarded ? (['rescued'] as const) : [])],
      named,
      told: progress.entries,
    });
  }

  /** The rows and slots that exist at 0. */
  atStart(): { rows: DropRow[]; losses: LossRow[] } {
    const { layout, probe, facts } = this.#session;
    const [connect, accept] = [isAttached(this.#session, 'connect'), isAttached(this.#session, 'accept')];
    const optIn = this.#config.attributes;
    const rows = rowsAtStart(this.#attributes, { layout, cpus: probe.cpus, optIn, connect, accept });
    const slots = [
      // Where the kernel has no guard nothing is skipped, and the slot is absent rather than 0.
      ...(facts.guarded ? ['nested'] : []),
      ...(connect || accept ? ['calls_skipped'] : []),
      ...layout.slots,
    ];
    return { rows, losses: slots.map((slot) => ({ slot, count: 0 })) };
  }

  /**
   * What the kernel skipped is read first and what was rescued of it last, with what was counted in between: so neither
   * `nested` nor its sum with the drops is ever more than what happened.
   */
  read(): { rows: DropRow[]; losses: LossRow[] } {
    const { layout, reasons } = this.#session;
    const firstSlot = reasons.listed << layout.reasonShift;
    const skipped = this.#skipped();
    const { unread } = this.#progress;
    const { rows, losses } = unread;
    this.#nodeRows.read((cpu, row, drops, bytes) => {
      if (row >= firstSlot) losses.push({ slot: layout.slots[row - firstSlot] as string, count: drops });
      else rows.push({ attributes: this.#attributesOf(cpu, row), drops, bytes });
    });
    this.#entryRows.read(rows);
    this.#lose('nested', skipped.drops - this.#entryRows.rescued, losses);
    this.#lose('calls_skipped', skipped.calls, losses);
    this.#progress.unread = { rows: [], losses: [] };
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

  /** A sum that may be too low for a moment, but is never too high: it is told where it has risen. */
  #lose(slot: string, sum: number, losses: LossRow[]): void {
    const told = this.#progress.losses.get(slot) ?? 0;
    if (sum <= told) return;
    losses.push({ slot, count: sum - told });
    this.#progress.losses.set(slot, sum);
  }

  /** Events for which the kernel skipped a program, because it interrupted itself; the kernel counts them. */
  #skipped(): { readonly drops: number; readonly calls: number } {
    const { facts, probe, dropProgram } = this.#session;
    const skipped = { drops: 0, calls: 0, oneOfTwo: 0 };
    for (const { program, recursionMisses } of probe.statistics()) {
      if (program === dropProgram && facts.guarded) skipped.drops += recursionMisses;
      else if (!CALL_PROGRAM.test(program)) continue;
      else if (CALL_PROGRAM_OF_TWO.test(program)) skipped.oneOfTwo += recursionMisses;
      else skipped.calls += recursionMisses;
    }
    return { drops: skipped.drops, calls: skipped.calls + Math.floor(skipped.oneOfTwo / 2) };
  }
}
