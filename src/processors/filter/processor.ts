import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import { type FlowColumns, selectFlows } from '../../pdata/flow_columns.ts';
import { sumOf } from '../../pdata/sums.ts';
import type { FilterConfig, Match } from './config.ts';
import { compile } from './expression.ts';

type Predicate = (attributes: AttributeSet) => boolean;

/**
 * Passes on the rows that `include` keeps and `exclude` doesn't drop. A flow is treated like its row, so that flows plus overflow still
 * equal the remaining rows.
 */
export class Filter implements Processor {
  readonly #next: Consumer;
  readonly #keeps: Predicate;
  /** The receiver passes the same sets at each read, so each is evaluated once. */
  readonly #verdicts = new WeakMap<AttributeSet, boolean>();

  constructor({ include, exclude }: FilterConfig, next: Consumer) {
    this.#next = next;
    const included = include === undefined ? () => true : predicate(include);
    const excluded = exclude === undefined ? () => false : predicate(exclude);
    this.#keeps = (attributes) => included(attributes) && !excluded(attributes);
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    const keep = <T extends { readonly attributes: AttributeSet }>(rows: readonly T[]) =>
      rows.filter(({ attributes }) => this.#isKept(attributes));
    const rows = keep(batch.rows);
    const { flows, pods, endedBefore } = batch;
    this.#next.consume({
      ...batch,
      rows,
      ...(flows === undefined
        ? {}
        : { flows: { ...flows, rows: this.#keepFlows(flows.rows), overflow: keep(flows.overflow), node: sumOf(rows) } }),
      ...(endedBefore === undefined ? {} : { endedBefore: keep(endedBefore) }),
      ...(pods === undefined ? {} : { pods: { ...pods, rows: keep(pods.rows) } }),
    });
  }

  #keepFlows(flows: FlowColumns): FlowColumns {
    const kept = flows.kinds.map(({ attributes }) => this.#isKept(attributes));
    if (kept.every(Boolean)) return flows;
    return selectFlows(
      flows,
      Uint32Array.from(flows.kind.keys()).filter((index) => kept[flows.kind[index] as number]),
    );
  }

  #isKept(attributes: AttributeSet): boolean {
    let verdict = this.#verdicts.get(attributes);
    if (verdict === undefined) {
      verdict = this.#keeps(attributes);
      this.#verdicts.set(attributes, verdict);
    }
    return verdict;
  }
}

/** All conditions hold; a row without the attribute doesn't match. Expressions are for the whole value. */
function predicate({ match_type, attributes }: Match): Predicate {
  const conditions = attributes.map(({ key, values }) => {
    const texts = values.map(String);
    const expressions = match_type === 'regexp' ? texts.map(compile) : [];
    const holds = (value: string) => (match_type === 'regexp' ? expressions.some((e) => e.fits(value)) : texts.includes(value));
    return { key, holds };
  });
  return (set) =>
    conditions.every(({ key, holds }) => {
      const value = set.get(key);
      return value !== undefined && holds(String(value));
    });
}
