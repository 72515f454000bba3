import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { batch, row, ruleDrop, START } from './fixtures.ts';

const only = (accumulator: DropAccumulator) => [...accumulator.series.values()];

describe('DropAccumulator', () => {
  it('sums deltas by attributes, whatever their order', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([row({ reason: 'A', direction: 'ingress' }, 3, 300)]));
    accumulator.add(batch([row({ direction: 'ingress', reason: 'A' }, 4, 400)]));
    expect(only(accumulator)).toMatchObject([{ drops: 7, bytes: 700, startTimeMillis: START }]);
  });

  it('made at a reload begins no series before it, for it has not seen what was counted before', () => {
    const made = START + 20_000;
    const accumulator = new DropAccumulator(made);
    accumulator.resume();
    const late = { timeMillis: made + 10_000 };
    const pods = { rows: [row({ 'k8s.pod.name': 'a' }, 1, 100)], ended: [] };
    accumulator.add(batch([ruleDrop(1, 84)], { ...late, pods, losses: [{ slot: 'nested', count: 1 }] }));
    const series = [...accumulator.series.values(), ...accumulator.losses.values(), ...accumulator.pods.series.values()];
    expect(series.map(({ startTimeMillis }) => startTimeMillis)).toEqual([made, made, made]);
  });

  it('has a series at 0 for a row of 0', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([ruleDrop(0, 0)]));
    expect(only(accumulator)).toMatchObject([{ drops: 0, bytes: 0 }]);
  });

  it('keeps calls without bytes', () => {
    const accumulator = new DropAccumulator();
    const call = row({ reason: 'TCP_CONNECT_BASIC', class: 'call' }, 1);
    accumulator.add(batch([call]));
    accumulator.add(batch([call]));
    expect(only(accumulator)).toMatchObject([{ drops: 2, bytes: undefined }]);
  });

  it('sums losses by slot, and takes the hooks of the last batch that has any', () => {
    const accumulator = new DropAccumulator();
    const hook = { hook: 'nat', attached: false, rung: 'none', why: 'no fexit', detail: '' };
    accumulator.add(batch([], { losses: [{ slot: 'nested', count: 2 }], hooks: [{ ...hook, attached: true, rung: 'fexit' }] }));
    accumulator.add(batch([], { losses: [{ slot: 'nested', count: 3 }], hooks: [hook] }));
    accumulator.add(batch([]));
    expect(accumulator.losses.get('nested')?.count).toBe(5);
    expect(accumulator.hooks).toEqual([hook]);
  });

  it('begins a series that appears after a reload at the last read before it, and moves no other', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([ruleDrop(1, 100)], { timeMillis: START + 10_000 }));
    accumulator.resume();
    accumulator.add(batch([ruleDrop(1, 100), row({ reason: 'NEW' }, 1, 1)], { timeMillis: START + 20_000 }));
    expect(only(accumulator).map(({ startTimeMillis }) => startTimeMillis)).toEqual([START, START + 10_000]);
  });

  it('takes the later start where the receiver began anew after the last read', () => {
    const accumulator = new DropAccumulator();
    accumulator.add(batch([]));
    accumulator.resume();
    accumulator.add(batch([ruleDrop(1, 100)], { startTimeMillis: START + 15_000, timeMillis: START + 20_000 }));
    expect(only(accumulator)).toMatchObject([{ startTimeMillis: START + 15_000 }]);
  });

  it('forgets a series that ends, after its last rows; the next row begins one anew, when that was made', () => {
    const accumulator = new DropAccumulator();
    const eth0 = { reason: 'A', direction: 'ingress', 'network.interface.name': 'eth0' };
    const { attributes } = row(eth0, 0);
    accumulator.add(batch([row(eth0, 3, 300)]));
    const [first] = only(accumulator);
    accumulator.add(batch([row(eth0, 4, 400)], { ended: [attributes] }));
    expect(only(accumulator)).toEqual([]);
    expect(first).toMatchObject({ drops: 7, bytes: 700, ended: true });
    accumulator.add(batch([{ ...row(eth0, 1, 100), sinceMillis: START + 60_000 }], { timeMillis: START + 70_000 }));
    expect(only(accumulator)).toMatchObject([{ drops: 1, bytes: 100, startTimeMillis: START + 60_000, ended: false }]);
  });

  it('keeps what ended series had counted, by reason and direction, and what those of an earlier process had', () => {
    const accumulator = new DropAccumulator();
    const of = (name: string) => row({ reason: 'A', direction: 'ingress', 'network.interface.name': name }, 2, 20);
    const endedBefore = [row({ reason: 'A', direction: 'ingress' }, 5, 50)];
    accumulator.add(batch([of('a'), of('b')], { ended: [of('a').attributes], endedBefore }));
    accumulator.add(batch([], { ended: [of('b').attributes, of('c').attributes] }));
    const [remainder, ...others] = accumulator.map.remainders.values();
    expect(remainder).toMatchObject({ drops: 9, bytes: 90, startTimeMillis: START });
    expect(remainder?.attributes.values).toEqual({ reason: 'A', direction: 'ingress' });
    expect(others).toEqual([]);
  });
});
