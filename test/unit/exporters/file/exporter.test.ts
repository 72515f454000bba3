import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ComponentError } from '../../../../src/component/errors.ts';
import { configSchema } from '../../../../src/exporters/file/config.ts';
import { FileExporter } from '../../../../src/exporters/file/exporter.ts';
import { end, flow, flowBatch } from '../../../support/flows.ts';
import { NOBODY } from '../../../support/nobody.ts';
import { batch, row, START_MILLIS } from '../../../support/rows.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { makeSettings } from '../../../support/settings.ts';
import { byRead, parseLines, startExporter } from './harness.ts';
import { read } from './reads.ts';

describe('FileExporter, to a file', () => {
  it('writes an object a flow, with all that is known of it', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter, sent, failed } = await startExporter(path);
    const call = row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ECONNREFUSED' }, 2);
    exporter.consume(
      flowBatch(
        [
          flow('10.0.0.1', '2001:db8::1', { port: 53, drops: 3, bytes: 252, source: end('10.0.0.1', { 'k8s.pod.name': 'a"b' }) }),
          flow('', '', { ...call, transport: '', netns: 0, netnsCookie: 0, interface: 'unknown' }),
        ],
        { overflow: [row({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' }, 5, 500)] },
      ),
    );
    await exporter.shutdown(1_000);
    const times = { time: '2026-01-02T03:04:06.000Z', start_time: '2026-01-02T03:04:05.000Z' };
    expect(parseLines(readFileSync(path, 'utf8'))).toEqual([
      {
        ...times,
        drops: 3,
        bytes: 252,
        attributes: {
          reason: 'IPTABLE_RULE_DROP',
          direction: 'ingress',
          class: 'policy',
          'network.transport': 'udp',
          'destination.port': 53,
          'network.interface.name': 'eth0',
          'network.namespace.cookie': 1,
          'network.namespace.inode': 4_026_531_840,
          'source.address': '10.0.0.1',
          'source.k8s.pod.name': 'a"b',
          'destination.address': '2001:db8::1',
        },
      },
      { ...times, drops: 2, attributes: { ...call.attributes.values, 'network.interface.name': 'unknown' } },
      {
        ...times,
        drops: 5,
        bytes: 500,
        attributes: { reason: 'NO_SOCKET', direction: 'ingress', class: 'error', 'otel.metric.overflow': 'true' },
      },
    ]);
    expect([await sent(), await failed()]).toEqual([3, 0]);
  });

  it('says of each read when the one before it was, through two pipelines and a reload too', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter, service } = await startExporter(path);
    exporter.consume(read(1));
    exporter.consume(read(1));
    await expect.poll(() => parseLines(readFileSync(path, 'utf8'))).toHaveLength(2);
    exporter.consume(read(2, 0));
    await exporter.shutdown(1_000);
    const { exporter: next } = await startExporter(path, {}, service);
    next.consume(read(4));
    await next.shutdown(1_000);
    const seconds = (time: string) => new Date(time).getUTCSeconds() - 5;
    const lines = parseLines(readFileSync(path, 'utf8'));
    expect(lines.map(({ start_time, time }) => [seconds(start_time), seconds(time)])).toEqual([
      [0, 1],
      [0, 1],
      [2, 4],
    ]);
  });

  it('says of no read that it ended before it began, though the clock is set back in between', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter } = await startExporter(path);
    exporter.consume(read(30));
    exporter.consume({ ...read(40), timeMillis: START_MILLIS + 10_000 });
    await expect.poll(() => parseLines(readFileSync(path, 'utf8'))).toHaveLength(2);
    exporter.consume({ ...read(50), timeMillis: START_MILLIS + 20_000 });
    await exporter.shutdown(1_000);
    const seconds = (time: string) => (Date.parse(time) - START_MILLIS) / 1_000;
    const lines = parseLines(readFileSync(path, 'utf8'));
    expect(lines.map(({ start_time, time }) => [seconds(start_time), seconds(time)])).toEqual([
      [0, 30],
      [10, 10],
      [10, 20],
    ]);
  });

  it('writes nothing of batches without flows, and says once where they come from', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter, lines } = await startExporter(path);
    exporter.consume(batch([row({ reason: 'NO_SOCKET' }, 1, 40)]));
    expect(lines).toEqual([]);
    for (let i = 0; i < 2; i++) exporter.consume(batch([row({ reason: 'NO_SOCKET' }, 1, 40)], { trigger: 'interval' }));
    await exporter.shutdown(1_000);
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('mode: advanced') }]);
  });

  it('takes a full map of flows without holding its caller or the loop, and writes every one', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter, sent } = await startExporter(path);
    const full = read(1, 65_536);
    exporter.consume(full);
    expect(readFileSync(path, 'utf8')).toBe('');
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await exporter.shutdown(60_000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(65_536 / 256 / 4);
    const lines = parseLines(readFileSync(path, 'utf8'));
    expect(lines).toHaveLength(65_536);
    expect(lines.reduce((all, { drops }) => all + drops, 0)).toBe(full.flows?.node.drops);
    expect(await sent()).toBe(65_536);
  });

  it('sets files aside by size, whole lines in each, and removes the oldest', async () => {
    const directory = scratchDirectory();
    const path = join(directory, 'flows.jsonl');
    writeFileSync(join(directory, 'flows-of-mine.jsonl'), 'not a backup');
    const { exporter } = await startExporter(path, { rotation: { max_megabytes: 1, max_backups: 2 } });
    const perRead = 2_000;
    for (let i = 1; i <= 8; i++) {
      exporter.consume(read(i, perRead));
      await expect.poll(() => byRead(allLines(directory))[i], { timeout: 10_000 }).toBe(perRead);
    }
    await exporter.shutdown(1_000);
    const names = readdirSync(directory).sort();
    expect(names).toEqual([
      expect.stringMatching(/^flows-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl$/),
      expect.stringMatching(/^flows-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl$/),
      'flows-of-mine.jsonl',
      'flows.jsonl',
    ]);
    for (const name of names) expect(readFileSync(join(directory, name)).length, name).toBeLessThanOrEqual(1_048_576);
    const lines = allLines(directory);
    const first = Number(lines[0]?.attributes['destination.port']);
    expect(first).toBeGreaterThan(1);
    for (let i = first + 1; i <= 8; i++) expect(byRead(lines)[i]).toBe(perRead);
  });

  it('goes on in a file that is there, on a line of its own', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    writeFileSync(path, '{"time":"2026');
    const { exporter } = await startExporter(path);
    exporter.consume(read(1));
    await exporter.shutdown(1_000);
    const [half, ...rest] = readFileSync(path, 'utf8').split('\n');
    expect(half).toBe('{"time":"2026');
    expect(parseLines(rest.join('\n'))).toHaveLength(1);
  });

  it('counts what a full disk refuses, says so once, and goes on', async () => {
    const { exporter, sent, failed, lines } = await startExporter('/dev/full');
    for (let i = 1; i <= 2; i++) {
      exporter.consume(read(i, 3));
      await expect.poll(failed).toBe(3 * i);
    }
    expect(await sent()).toBe(0);
    expect(lines).toMatchObject([{ level: 'error', msg: expect.stringMatching(/can't write to \/dev\/full: ENOSPC/) }]);
  });

  it.skipIf(process.getuid?.() !== 0)('leaves no half line on a disk that gets full', async () => {
    const directory = scratchDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', directory]);
    onTestFinished(() => void execFileSync('umount', [directory]));
    const path = join(directory, 'flows.jsonl');
    const { exporter, sent, failed } = await startExporter(path);
    exporter.consume(read(1, 2_000));
    await expect.poll(async () => Number(await sent()) + Number(await failed()), { timeout: 10_000 }).toBe(2_000);
    await exporter.shutdown(1_000);
    const lines = parseLines(readFileSync(path, 'utf8'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines).toHaveLength(Number(await sent()));
  });

  it('goes on in a new file at a SIGHUP, and at the beginning of one that was cut off', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    const { exporter, sent } = await startExporter(path);
    const write = async (number: number) => {
      exporter.consume(read(number, 3));
      await expect.poll(sent).toBe(3 * number);
    };
    await write(1);
    renameSync(path, `${path}.1`);
    await write(2);
    exporter.reopen();
    await write(3);
    expect([`${path}.1`, path].map((name) => byRead(parseLines(readFileSync(name, 'utf8'))))).toEqual([{ 1: 3, 2: 3 }, { 3: 3 }]);
    truncateSync(path);
    await write(4);
    expect(byRead(parseLines(readFileSync(path, 'utf8')))).toEqual({ 4: 3 });
  });

  it('is readable for its own user alone', async () => {
    const path = join(scratchDirectory(), 'flows.jsonl');
    await startExporter(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('says at the start what keeps it from writing', async () => {
    const directory = scratchDirectory();
    const start = (path: string) => new FileExporter(makeSettings('file'), configSchema.parse({ path })).start();
    writeFileSync(join(directory, 'plain'), '');
    await expect(start(join(directory, 'gone', 'flows.jsonl'))).rejects.toThrow(/^path: can't write to .*gone isn't there/);
    await expect(start(join(directory, 'plain', 'flows.jsonl'))).rejects.toThrow(/plain is no directory/);
    await expect(start(directory)).rejects.toThrow(/is a directory; name a file in it/);
    await expect(start(join(directory, 'gone', 'flows.jsonl'))).rejects.toThrow(ComponentError);
    expect(existsSync(join(directory, 'gone'))).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('says at the start that it may not write', async () => {
    const directory = scratchDirectory();
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'closed'), { mode: 0o755 });
    const script = `
      const { openDestination } = await import('./src/exporters/file/destination.ts');
      await openDestination({ path: process.argv[1], rotation: { max_megabytes: 1, max_backups: 1 } })
        .catch((error) => console.log(error.name, error.message));`;
    const [file, ...args] = [
      ...NOBODY,
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      join(directory, 'closed', 'flows'),
    ];
    const { stdout } = spawnSync(file as string, args, { encoding: 'utf8', cwd: join(import.meta.dirname, '../../../..') });
    expect(stdout).toMatch(/^ComponentError path: can't write to .*: no permission \(EACCES\)/);
  });
});

function allLines(directory: string) {
  return readdirSync(directory)
    .filter((name) => /^flows(-\d.*)?\.jsonl$/.test(name))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(directory, name), 'utf8');
      return text.endsWith('\n') ? parseLines(text) : [];
    });
}
