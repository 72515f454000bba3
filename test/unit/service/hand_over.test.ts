import { expect, test } from 'vitest';
import { serve } from './running.ts';

/** A pipeline with processors, by its name. */
const file = ({ pipeline = 'metrics', processors = ['pass'], sink = {}, pass = {} }) => ({
  receivers: { source: null },
  processors: { pass, 'pass/other': null },
  exporters: { sink },
  pipelines: { [pipeline]: [['source'], processors, ['sink']] as [string[], string[], string[]] },
});

/** What becomes of the processors at a reload with this file. */
async function reload(changed: Parameters<typeof file>[0]): Promise<string[]> {
  const { service, stage, write } = serve(file({}));
  await service.start();
  write(file(changed));
  stage.news();
  await service.reload();
  const news = stage.news().filter((line) => line.includes('processors::'));
  await service.shutdown();
  return news.filter((line) => !line.startsWith('pass'));
}

test('a processor hands over to that of its pipeline and id, however that one is configured', async () => {
  expect(await reload({})).toEqual(['hand over processors::pass', 'start processors::pass']);
  expect(await reload({ pass: { tag: 'new' } })).toEqual(['hand over processors::pass', 'start processors::pass']);
});

test('one that has no successor is shut down', async () => {
  expect(await reload({ processors: [] })).toEqual(['stop processors::pass']);
  expect(await reload({ processors: ['pass/other'] })).toEqual(['stop processors::pass', 'start processors::pass/other']);
  expect(await reload({ pipeline: 'metrics/other' })).toEqual(['stop processors::pass', 'start processors::pass']);
});

test('one whose successor can’t start hands over to the one that is made for the old configuration', async () => {
  expect(await reload({ pass: { fails: 'no' } })).toEqual([
    'hand over processors::pass',
    'start processors::pass',
    'hand over processors::pass',
    'start processors::pass',
  ]);
});

test('where the new graph can’t be made, nothing is handed over', async () => {
  expect(await reload({ sink: { unmakeable: true } })).toEqual([]);
});

test('the end of the agent is a shutdown', async () => {
  const { service, stage } = serve(file({}));
  await service.start();
  stage.news();
  await service.shutdown();
  expect(stage.news().filter((line) => line.includes('processors::'))).toEqual([
    'pass processors::pass',
    'stop processors::pass',
  ]);
});
