import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatLine } from '../../../../src/service/telemetry/console_format.ts';
import { bridgeDiagnostics, componentLogger, openLog } from '../../../../src/service/telemetry/logger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dropreason-log-'));
});
afterEach(() => {
  diag.disable();
  rmSync(folder, { recursive: true });
});

const make = (more: object = {}) =>
  openLog({ level: 'info', encoding: undefined, output_paths: [join(folder, 'a')], ...more }).logger;
const read = (name = 'a') => readFileSync(join(folder, name), 'utf8');

describe('openLog', () => {
  it('writes JSON where it isn’t a terminal, with level names and times that can be read', () => {
    const logger = make();
    logger.debug('not this');
    componentLogger(logger, 'receiver', 'dropreason').warn({ hook: 'nat' }, 'not attached');
    expect(JSON.parse(read())).toEqual({
      level: 'warn',
      ts: expect.stringMatching(/^20\d\d-.*Z$/),
      'otelcol.component.kind': 'receiver',
      'otelcol.component.id': 'dropreason',
      hook: 'nat',
      msg: 'not attached',
    });
  });

  it('writes lines for people where it is told to, to every path, and appends', () => {
    for (const message of ['one', 'two']) {
      make({ encoding: 'console', output_paths: [join(folder, 'a'), join(folder, 'b')] }).info({ n: 1 }, message);
    }
    expect(read()).toMatch(/^20\S+Z {2}info {3}one {2}n=1\n20\S+Z {2}info {3}two {2}n=1\n$/);
    expect(read('b')).toBe(read('a'));
  });

  it('names the key and the file where it can’t write', () => {
    expect(() => make({ output_paths: [join(folder, 'none', 'a')] })).toThrow(
      /^service::telemetry::logs::output_paths: can't write to .*none\/a: ENOENT$/,
    );
  });

  it('goes on in a new file when it is told that the old one was renamed, and says where it can’t', () => {
    const log = openLog({ level: 'info', encoding: 'console', output_paths: [join(folder, 'a')] });
    log.logger.info('one');
    renameSync(join(folder, 'a'), join(folder, 'a.1'));
    log.reopen();
    log.logger.info('two');
    expect([read('a.1'), read('a')]).toEqual([expect.stringMatching(/one\n$/), expect.stringMatching(/^\S+ {2}info {3}two\n$/)]);
    renameSync(join(folder, 'a'), join(folder, 'a.2'));
    mkdirSync(join(folder, 'a'));
    log.reopen();
    expect(read('a.2')).toMatch(/two\n.*error.*can't reopen the log .*a, keeping the open file: EISDIR\n$/);
  });

  it('counts what a full disk takes no more, says so when it takes lines again, and stops nobody', () => {
    const full = openLog({ level: 'info', encoding: 'json', output_paths: ['/dev/full', join(folder, 'a')] });
    full.logger.info('one');
    full.logger.info('two');
    expect(full.outputs.map(({ lost }) => lost)).toEqual([2, 0]);
    expect(read().split('\n')).toHaveLength(3);
  });

  it('has the SDK’s warnings written too', () => {
    bridgeDiagnostics(make());
    diag.warn('Received Partial Success response:', '{"rejectedDataPoints":3}');
    diag.info('not this');
    expect(JSON.parse(read())).toMatchObject({
      level: 'warn',
      msg: 'OpenTelemetry SDK: Received Partial Success response:',
      detail: '{"rejectedDataPoints":3}',
    });
  });
});

describe('formatLine', () => {
  it('tells the component before the message, other fields after it, and an error’s stack below', () => {
    const line = JSON.stringify({
      level: 'error',
      ts: 'T',
      'otelcol.component.id': 'otlp_grpc',
      'otelcol.component.kind': 'exporter',
      why: 'a b',
      err: { stack: 'Error: x\n    at y' },
      msg: 'failed',
    });
    expect(formatLine(line)).toBe('T  error  otlp_grpc: failed  why="a b"\n    Error: x\n        at y\n');
    expect(formatLine(line, true)).toContain('\u001b[31merror\u001b[0m');
  });

  it('leaves alone what is no JSON object', () => {
    expect(formatLine('plain\n')).toBe('plain\n');
    expect(formatLine('null\n')).toBe('null\n');
  });
});
