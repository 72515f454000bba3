import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { NAMINGS } from '../../../src/publish/naming.ts';
import { PublishedView } from '../../../src/publish/published_view.ts';
import { batch, row, START } from '../metrics/fixtures.ts';

const of = (name: string, drops: number) =>
  row({ reason: 'A', direction: 'ingress', class: 'error', 'network.interface.name': name }, drops, 10 * drops);
const end = (...names: readonly string[]) => ({ ended: names.map((name) => of(name, 0).attributes) });
function shown(view: PublishedView) {
  const { drops, bytes, startMillis } = view.look();
  return drops.map((count, index) => [count, bytes[index], ((startMillis[index] as number) - START) / 1000]);
}

describe('sums over what comes and goes', () => {
  it('never fall, nor end', () => {
    const accumulator = new DropAccumulator();
    const view = PublishedView.of(accumulator.map, NAMINGS.retina);
    accumulator.add(batch([of('a', 5), of('b', 7)]));
    expect(shown(view)).toEqual([[12, 120, 0]]);
    accumulator.add(batch([of('a', 1)], end('a', 'b')));
    expect(shown(view)).toEqual([[13, 130, 0]]);
    accumulator.add(batch([{ ...of('a', 2), sinceMillis: START + 30_000 }]));
    expect(shown(view)).toEqual([[15, 150, 0]]);
  });

  it('go on for who begins to look after some have ended, as after a reload', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([of('a', 5), of('b', 7)]));
    accumulator.add(batch([], end('a')));
    expect(shown(PublishedView.of(accumulator.map, NAMINGS.retina))).toEqual([[12, 120, 0]]);
  });

  it('go on after all series have begun anew', () => {
    const accumulator = new DropAccumulator();
    const view = PublishedView.of(accumulator.map, NAMINGS.retina);
    accumulator.add(batch([of('a', 5)]));
    accumulator.add(batch([], end('a')));
    expect(shown(view)).toEqual([[5, 50, 0]]);
    accumulator.add(batch([of('a', 2)], { anew: true }));
    expect(shown(view)).toEqual([[2, 20, 10]]);
    accumulator.add(batch([], end('a')));
    expect(shown(view)).toEqual([[2, 20, 10]]);
  });

  it('have what ended under an earlier process', () => {
    const accumulator = new DropAccumulator();
    const view = PublishedView.of(accumulator.map, NAMINGS.retina);
    const endedBefore = [row({ reason: 'A', direction: 'ingress' }, 40, 400)];
    accumulator.add(batch([of('a', 5)], { endedBefore }));
    expect(shown(view)).toEqual([[45, 450, 0]]);
    expect(shown(PublishedView.of(accumulator.map, NAMINGS.opentelemetry))).toEqual([[5, 50, 0]]);
  });
});

describe('a series that has ended', () => {
  it('does not come back where reloads change the names and change them back', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([of('a', 5), of('b', 7)]));
    expect(shown(PublishedView.of(accumulator.map, NAMINGS.opentelemetry))).toHaveLength(2);
    accumulator.add(batch([], end('a')));
    expect(shown(PublishedView.of(accumulator.map, NAMINGS.opentelemetry))).toEqual([[7, 70, 0]]);
    PublishedView.of(accumulator.map, NAMINGS.retina);
    const view = PublishedView.of(accumulator.map, NAMINGS.opentelemetry);
    expect(shown(view)).toEqual([[7, 70, 0]]);
    accumulator.add(batch([], end('b')));
    expect(shown(view)).toEqual([]);
  });
});
