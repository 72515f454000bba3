import { expect, test } from 'vitest';
import { LogOutput } from '../../../../src/service/telemetry/log_output.ts';

/** An output that keeps what it takes; each answer comes when the test says so. */
function make() {
  const taken: string[] = [];
  const asked: { lines: string; done: (error: Error | undefined) => void }[] = [];
  const log = new LogOutput({
    path: '/var/log/x',
    output: { write: (lines, done) => void asked.push({ lines, done }) },
    format: (line) => (line.startsWith('{') ? `${(JSON.parse(line) as { msg: string }).msg}\n` : line),
  });
  const answer = (error?: Error) => {
    const { lines, done } = asked.shift() ?? expect.fail('nothing was written');
    if (error === undefined) taken.push(lines);
    done(error);
  };
  return { log, taken, answer };
}

const FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

test('lines that are lost are counted, and reported once before the first that is written again', () => {
  const { log, taken, answer } = make();
  for (const line of ['a\n', 'b\n', 'c\n']) {
    log.write(line);
    answer(line === 'c\n' ? undefined : FULL);
  }
  log.write('d\n');
  answer();
  expect(log.lost).toBe(2);
  expect(taken).toEqual(["2 log lines were lost: can't write to /var/log/x: ENOSPC\nc\n", 'd\n']);
});

test('a report that is lost too is made again, with all that was lost until then', () => {
  const { log, taken, answer } = make();
  log.write('a\n');
  answer(FULL);
  log.write('b\n');
  log.write('c\n'); // while nobody knows yet what became of the report
  answer(FULL);
  answer(FULL);
  log.write('d\n');
  answer();
  expect(log.lost).toBe(3);
  expect(taken).toEqual(["3 log lines were lost: can't write to /var/log/x: ENOSPC\nd\n"]);
});
