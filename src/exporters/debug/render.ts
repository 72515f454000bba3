import { visible } from '../../component/visible.ts';
import type { LossSeries } from '../../metrics/drop_accumulator.ts';
import type { DropSeries } from '../../metrics/series_map.ts';
import type { HookStatus } from '../../pdata/batch.ts';
import { attributeColumns } from './attribute_columns.ts';
import type { FlowChange } from './flow_tally.ts';
import { renderFlows } from './render_flows.ts';
import { renderTable } from './table.ts';

/** What changed between two prints. */
export interface Change {
  readonly timeMillis: number;
  readonly elapsedMillis: number;
  readonly series: readonly SeriesChange[];
  readonly losses: readonly (LossSeries & { readonly newCount: number })[];
  readonly hooks: readonly HookStatus[];
  readonly hooksChanged: boolean;
  /** With `basic`, empty. */
  readonly whose: FlowChange;
}

export type SeriesChange = DropSeries & { readonly newDrops: number; readonly newBytes: number };

/** One line, such as `… 137 drops (17536 bytes) in 10.0 s: IPTABLE_RULE_DROP 130, NO_SOCKET 7`; empty where nothing rose. */
export function renderBasic(change: Change): string {
  const rose = risen(change);
  const lost = lossLine(change);
  if (rose.length === 0 && lost === '') return '';
  const byReason = new Map<string, number>();
  for (const { attributes, newDrops } of rose) {
    const reason = String(attributes.get('reason') ?? '?');
    byReason.set(reason, (byReason.get(reason) ?? 0) + newDrops);
  }
  const reasons = [...byReason].sort(([, a], [, b]) => b - a).map(([reason, drops]) => `${visible(reason)} ${drops}`);
  return `${summary(change)}${reasons.length > 0 ? `: ${reasons.join(', ')}` : ''}${lost}\n`;
}

/** The line, a table of the series that rose, most drops first, and one of flows; empty where nothing rose. */
export function renderNormal(change: Change): string {
  const rose = risen(change);
  const lost = lossLine(change);
  const flows = renderFlows(change.whose);
  if (rose.length === 0 && lost === '' && flows === '') return '';
  const columns = attributeColumns(rose.map(({ attributes }) => attributes));
  const table = renderTable(
    [...columns, 'drops', 'bytes'],
    rose.map((each) => [
      ...columns.map((name) => String(each.attributes.get(name) ?? '')),
      each.newDrops,
      each.bytes === undefined ? '' : each.newBytes,
    ]),
  );
  return `${summary(change)}${lost}\n${rose.length > 0 ? table : ''}${flows}`;
}

/** Every series with its total and increase, flows, every loss slot, every hook; empty if nothing changed. */
export function renderDetailed(change: Change): string {
  const flows = renderFlows(change.whose);
  if (risen(change).length === 0 && lossLine(change) === '' && flows === '' && !change.hooksChanged) return '';
  const columns = attributeColumns(change.series.map(({ attributes }) => attributes));
  const series = renderTable(
    [...columns, 'drops', '+', 'bytes', '+'],
    change.series.map((each) => [
      ...columns.map((name) => String(each.attributes.get(name) ?? '')),
      each.drops,
      each.newDrops,
      each.bytes ?? '',
      each.bytes === undefined ? '' : each.newBytes,
    ]),
  );
  const losses = renderTable(
    ['lost', 'count', '+'],
    change.losses.map(({ slot, count, newCount }) => [slot, count, newCount]),
  );
  const hooks = renderTable(
    ['hook', 'attached', 'rung', 'why'],
    change.hooks.map(({ hook, attached, rung, why }) => [hook, attached ? 'yes' : 'no', rung, why]),
  );
  return `${summary(change)}\n${series}${flows}${losses}${hooks}`;
}

function risen({ series }: Change): SeriesChange[] {
  return series.filter(({ newDrops }) => newDrops > 0).sort((a, b) => b.newDrops - a.newDrops);
}

/** Calls that failed are no packets, and are summed apart. */
function summary(change: Change): string {
  let drops = 0;
  let bytes = 0;
  let calls = 0;
  for (const { attributes, newDrops, newBytes } of change.series) {
    if (attributes.get('class') === 'call') calls += newDrops;
    else drops += newDrops;
    bytes += newBytes;
  }
  const failed = calls === 0 ? '' : `, ${calls} failed ${calls === 1 ? 'call' : 'calls'}`;
  const time = new Date(change.timeMillis).toISOString();
  const seconds = (change.elapsedMillis / 1000).toFixed(1);
  return `${time}  ${drops} ${drops === 1 ? 'drop' : 'drops'} (${bytes} bytes)${failed} in ${seconds} s`;
}

function lossLine({ losses }: Change): string {
  const rose = losses.filter(({ newCount }) => newCount > 0).map(({ slot, newCount }) => `${visible(slot)} ${newCount}`);
  return rose.length === 0 ? '' : `; loss slots: ${rose.join(', ')}`;
}
