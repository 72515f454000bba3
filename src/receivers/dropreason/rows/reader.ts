import { AttributeSet } from '../../../pdata/attributes.ts';
import type { DropBatch, LossRow } from '../../../pdata/batch.ts';
import type { DropRow } from '../../../pdata/drop_row.ts';
import { joinFlows } from '../../../pdata/flow_columns.ts';
import { sumOf } from '../../../pdata/sums.ts';
import { CALL_PROGRAM, CALL_PROGRAM_OF_TWO } from '../attach/hooks.ts';
import type { DropreasonConfig } from '../config.ts';
import type { Row } from '../probe.ts';
import { REASON_OF_FUNCTION } from '../reasons/known_functions.ts';
import { isAttached, type Session } from '../session.ts';
import { EntryRows } from './entry_rows.ts';
import { FlowRows } from './flow_rows.ts';
import { NamespaceNames } from './namespaces.ts';
import { NodeRows, PLANES } from './node_rows.ts';
import { Origins } from './origins.ts';
import { noProgress, nothingUnread, type Progress, type Unread } from './progress.ts';
import { RowAttributes } from './row_attributes.ts';
import { rowsAtStart } from './rows_at_start.ts';
import { SeriesEnds } from './series_ends.ts';

/** The result of a read, as it is passed on. */
export type Read = Pick<DropBatch, 'rows' | 'losses' | 'flows' | 'ended' | 'endedBefore' | 'inherited'>;

/** Events for which the kernel skipped a program, of packets and of calls. */
interface Skipped {
  readonly drops: number;
  readonly calls: number;
}

/** The reads of one session: from the kernel's cumulative counts to the increase since the previous read. */
export class Reader {
  readonly #session: Session;
  readonly #attributes: RowAttributes;
  readonly #nodeRows: NodeRows;
  readonly #entryRows: EntryRows;
  /** Where flows are counted: what had no room among them, and they themselves. */
  readonly #overflowRows: NodeRows | undefined;
  readonly #flowRows: FlowRows | undefined;
  readonly #namespaces = new NamespaceNames();
  readonly #origins: Origins;
  readonly #ends: SeriesEnds;
  #flowsUsed: number | undefined;
  /** The kernel's maps are being emptied. */
  #isMakingRoom = false;
  readonly #config: DropreasonConfig;
  /** By CPU and row, made when a row is first seen. */
  readonly #nodeAttributes = new Map<number, AttributeSet>();
  readonly #progress: Progress;

  /** The values in `progress` were passed on before. */
  constructor(session: Session, config: DropreasonConfig, progress = noProgress(2 * session.probe.cpus * session.probe.rows, 0)) {
    const { probe, layout, reasons, named, byFunction, chainsTell, facts } = session;
    this.#session = session;
    this.#config = config;
    this.#progress = progress;
    this.#attributes = new RowAttributes({
      layout,
      reasons,
      config,
      named,
      byFunction,
      chainsTell,
      namespaces: this.#namespaces,
    });
    this.#ends = new SeriesEnds({
      expirationMillis: config.attributes_expiration,
      maxEntries: config.attributes_max_entries,
    });
    const origins = new Origins(probe, named);
    this.#origins = origins;
    const hasFlows = config.mode === 'advanced';
    const nodePlanes = hasFlows ? PLANES.node : PLANES.basic;
    this.#nodeRows = new NodeRows(probe, layout, reasons.listed, progress.node, nodePlanes);
    const isKeyed = named || config.attributes.length > 0;
    this.#entryRows = new EntryRows(probe, this.#attributes, {
      rescuedReason: layout.rescued,
      maps: [...(isKeyed ? (['attributes'] as const) : []), 'unlisted', ...(facts.guarded ? (['rescued'] as const) : [])],
      origins,
      ends: this.#ends,
      told: progress.entries,
      toldOverflow: progress.entriesOverflow,
    });
    if (!hasFlows) return;
    this.#overflowRows = new NodeRows(probe, layout, reasons.listed, progress.nodeOverflow, PLANES.overflow);
    this.#flowRows = new FlowRows(probe, layout, this.#attributes, origins, this.#namespaces);
  }

  /** The rows and slots that exist at 0. */
  atStart(): Read {
    const { layout, probe, facts, reasons, byFunction } = this.#session;
    const names = [...reasons.names, ...(byFunction ? REASON_OF_FUNCTION.values() : [])];
    const [connect, accept] = [isAttached(this.#session, 'connect'), isAttached(this.#session, 'accept')];
    const seesReturns = accept || (connect && !isAttached(this.#session, 'connect', 'state'));
    const optIn = this.#config.attributes;
    const rows = rowsAtStart(this.#attributes, { layout, reasons: names, cpus: probe.cpus, optIn, connect, accept });
    const slots = [
      // Where the kernel has no guard nothing is skipped, and the slot is absent rather than 0.
      ...(facts.guarded ? ['nested'] : []),
      ...(seesReturns ? ['calls_skipped'] : []),
      ...layout.slots,
    ];
    return { rows, losses: slots.map((slot) => ({ slot, count: 0 })) };
  }

  /** What was added since the previous read, only by the node's rows. */
  read(): Read {
    const { rows, losses, ...unread } = this.#readRows(this.#skipped());
    this.#progress.unread = nothingUnread();
    return { rows, losses, ...endedOf(unread) };
  }

  /**
   * Without flows nothing takes rows out of the kernel but this: where its map is nearly full, or has rows of series that are to end at
   * the read that comes next. Nothing is read meanwhile that isn't read otherwise.
   */
  async makeRoom(): Promise<void> {
    if (!this.#ends.wantsRoom || this.#isMakingRoom || this.#flowRows !== undefined) return;
    this.#isMakingRoom = true;
    try {
      await this.#session.probe.drain();
    } finally {
      this.#isMakingRoom = false;
    }
  }

  /**
   * The counts of an earlier process, whose pinned maps this one has taken over: the node's counters continue from there. Its flows
   * and overflow are gone. Empty if there was no such process, or if this one has reported them (`isBegun`).
   */
  history(): Read & { readonly isBegun: boolean } {
    const { isBegun } = this.#progress;
    if (isBegun) return { rows: [], losses: [], isBegun };
    this.#progress.isBegun = true;
    // In advanced mode the rows are those of the last drain, and what was skipped since may be rescued by the next.
    const skipped = this.#flowRows === undefined ? this.#skipped() : { drops: 0, calls: 0 };
    const { rows, losses, ...unread } = this.#readRows(skipped);
    this.#progress.unread = nothingUnread();
    return { rows, losses, ...endedOf(unread), isBegun };
  }

  /** Ends a generation: returns what was added in it, by the node's rows and by flows. */
  async drain(): Promise<Read> {
    const skipped = this.#skipped();
    const flows = await this.#session.probe.drain();
    this.#flowsUsed = flows.count;
    // From here on they are nowhere else: where decoding fails, the next read begins with them.
    const { drained } = this.#progress;
    for (drained.push(flows); drained[0] !== undefined; drained.shift()) {
      const decoded = await this.#flowRows?.decode(drained[0]);
      if (decoded !== undefined) this.#progress.unread.flows.push(decoded);
    }
    const unread = this.#readRows(skipped);
    this.#progress.unread = nothingUnread();
    const { rows, losses, overflow } = unread;
    return { rows, losses, flows: { rows: joinFlows(unread.flows), overflow, node: sumOf(rows) }, ...endedOf(unread) };
  }

  /**
   * Skipped runs are read first, and the drops rescued from them last, together with those counted in between. So neither `nested` nor its
   * sum with the drops ever exceeds what happened.
   */
  #readRows(skipped: Skipped): Unread {
    const { layout, reasons } = this.#session;
    const firstSlot = reasons.listed << layout.reasonShift;
    const { unread } = this.#progress;
    const { rows, losses, overflow } = unread;
    this.#namespaces.begin();
    this.#nodeRows.read((cpu, row, drops, bytes) => {
      if (row >= firstSlot) losses.push({ slot: layout.slots[row - firstSlot] as string, count: drops });
      else rows.push({ attributes: this.#attributesOf(cpu, row), drops, bytes });
    });
    this.#overflowRows?.read((cpu, row, drops, bytes) => {
      overflow.push({ attributes: this.#attributesOf(cpu, row).without('cpu'), drops, bytes });
    });
    this.#entryRows.read(rows, overflow, unread.ended, { nowMillis: performance.now(), mayEnd: !this.#isMakingRoom });
    if (!this.#progress.hasToldEnded) {
      const remainders = this.#session.probe.remainders();
      this.#origins.learn(remainders);
      for (const row of remainders) unread.before.push(this.#remainderOf(row));
      this.#progress.hasToldEnded = true;
    }
    this.#lose('nested', skipped.drops - this.#entryRows.rescued, losses);
    this.#lose('calls_skipped', skipped.calls, losses);
    return unread;
  }

  /** What ended series of a reason and direction had counted. */
  #remainderOf(row: Row): DropRow {
    const { values } = this.#attributes.ofEntry(row, this.#origins.of(row));
    const { reason = '', direction = '' } = values;
    return { attributes: new AttributeSet({ reason, direction }), drops: row.packets, bytes: row.bytes };
  }

  /** Entries in use, of bounded maps. */
  get mapsUsed(): ReadonlyMap<string, number> {
    if (this.#flowsUsed === undefined) return this.#entryRows.used;
    return new Map([...this.#entryRows.used, ['dropreason_flows', this.#flowsUsed]]);
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

  /** The sum may be too low for a moment, but never too high: it is reported when it has increased. */
  #lose(slot: string, sum: number, losses: LossRow[]): void {
    const told = this.#progress.losses.get(slot) ?? 0;
    if (sum <= told) return;
    losses.push({ slot, count: sum - told });
    this.#progress.losses.set(slot, sum);
  }

  /** Events for which the kernel skipped a program, because it interrupted itself; the kernel counts them. */
  #skipped(): Skipped {
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

/** Absent where nothing has ended. */
function endedOf({ ended, before }: Pick<Unread, 'ended' | 'before'>): Pick<DropBatch, 'ended' | 'endedBefore'> {
  return { ...(ended.length === 0 ? {} : { ended }), ...(before.length === 0 ? {} : { endedBefore: before }) };
}
