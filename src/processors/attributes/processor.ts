import { type AttributeAction, applyActions } from '../../component/attribute_action.ts';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch, PodRead } from '../../pdata/batch.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import { sumRows } from '../../pdata/sum_rows.ts';
import type { AttributesConfig } from './config.ts';
import { FlowActions } from './flow_actions.ts';
import { SummedSeries } from './summed_series.ts';

/** What outlives a reload. */
interface Kept {
  readonly node: SummedSeries;
  readonly pods: SummedSeries;
  /** The actions that their sums were made by. */
  actions: string;
}

/**
 * Sets and deletes attributes of the node's rows, of pods' series and of flows. Rows that become equal are summed, and a sum
 * ends with the last of the series in it.
 */
export class AttributesProcessor implements Processor {
  readonly #next: Consumer;
  readonly #actions: readonly AttributeAction[];
  readonly #flows: FlowActions;
  readonly #kept: Kept;
  /** Earlier stages pass the same sets at each read, so each is changed once. */
  readonly #changed = new WeakMap<AttributeSet, AttributeSet>();

  constructor({ keep }: Pick<Settings, 'keep'>, { actions }: AttributesConfig, next: Consumer) {
    this.#next = next;
    this.#actions = actions;
    this.#flows = new FlowActions(actions);
    this.#kept = keep<Kept>('series', () => ({
      node: new SummedSeries(),
      pods: new SummedSeries(),
      actions: JSON.stringify(actions),
    }));
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    const { node, pods } = this.#kept;
    if (batch.anew === true) for (const all of [node, pods]) all.clear();
    const before = this.#begin();
    const { flows, endedBefore } = batch;
    const change = (rows: readonly DropRow[]) => sumRows(rows, this.#change);
    const ofPods = this.#pods(batch, before.pods);
    this.#next.consume({
      ...batch,
      ...this.#series(node, batch, before.node),
      ...(endedBefore === undefined ? {} : { endedBefore: change(endedBefore) }),
      ...(flows === undefined
        ? {}
        : { flows: { ...flows, rows: this.#flows.apply(flows.rows), overflow: change(flows.overflow) } }),
      ...(ofPods === undefined ? {} : { pods: ofPods }),
    });
  }

  /** After a reload that changed the actions: the series that they made before, which are over. */
  #begin(): { readonly node: readonly AttributeSet[]; readonly pods: readonly AttributeSet[] } {
    const actions = JSON.stringify(this.#actions);
    if (this.#kept.actions === actions) return { node: [], pods: [] };
    this.#kept.actions = actions;
    return { node: this.#kept.node.clear(), pods: this.#kept.pods.clear() };
  }

  #pods({ pods, trigger }: DropBatch, before: readonly AttributeSet[]): PodRead | undefined {
    if (pods !== undefined) return { ...pods, ...this.#series(this.#kept.pods, pods, before) };
    // There are none any more since a reload: exporters end them.
    if (trigger === 'interval') this.#kept.pods.clear();
    return before.length === 0 ? undefined : { rows: [], ended: before };
  }

  #series(
    series: SummedSeries,
    { rows, ended = [] }: { readonly rows: readonly DropRow[]; readonly ended?: readonly AttributeSet[] },
    before: readonly AttributeSet[],
  ): { rows: DropRow[]; ended: AttributeSet[] } {
    const sums = series.add(rows, this.#change);
    const over = series.end(ended, this.#change);
    if (before.length === 0) return { rows: sums, ended: over };
    const carriedOn = new Set(sums.map(({ attributes }) => attributes.key));
    return { rows: sums, ended: [...over, ...before.filter(({ key }) => !carriedOn.has(key))] };
  }

  readonly #change = (attributes: AttributeSet): AttributeSet => {
    let changed = this.#changed.get(attributes);
    if (changed === undefined) {
      const values = applyActions(attributes.values, this.#actions);
      changed = values === attributes.values ? attributes : new AttributeSet(values);
      this.#changed.set(attributes, changed);
    }
    return changed;
  };
}
