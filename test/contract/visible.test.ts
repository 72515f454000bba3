import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { cli } from '../../src/cli/cli.ts';
import { Output } from '../../src/cli/output.ts';
import { configSchema as debugSchema, VERBOSITIES } from '../../src/exporters/debug/config.ts';
import { DebugExporter } from '../../src/exporters/debug/exporter.ts';
import { configSchema as healthSchema } from '../../src/extensions/health_check/config.ts';
import { HealthCheck } from '../../src/extensions/health_check/extension.ts';
import { textAnswer } from '../../src/http/route_table.ts';
import { ApiFailure } from '../../src/kubernetes/failure.ts';
import { componentLogger, openLog } from '../../src/service/telemetry/logger.ts';
import { end, flow, flowBatch } from '../support/flows.ts';
import { hostileText, UNSEEN } from '../support/hostile_text.ts';
import { row } from '../support/rows.ts';
import { makeSettings } from '../support/settings.ts';

/** Lines of what was written for people, none of which may hold anything that can't be seen. */
function seenLines(text: string): string[] {
  const lines = text.split('\n');
  for (const line of lines) expect(line).not.toMatch(UNSEEN);
  return lines;
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dropreason-visible-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The command as main.ts runs it, without the process. */
async function command(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) =>
    new Output(
      new Writable({
        write(chunk: Buffer, _, done) {
          written[name] += chunk.toString();
          done();
        },
      }),
    ).write;
  const code = await cli(argv, { stdout: output('stdout'), stderr: output('stderr') });
  return { code, ...written };
}

/** YAML as such, so that nothing but the configuration is wrong with it. */
const yaml = (value: object) =>
  stringify(value, { defaultKeyType: 'QUOTE_DOUBLE', defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 });

describe('nothing that comes from outside reaches a terminal as it is', () => {
  test.each(VERBOSITIES)('debug, %s', (verbosity) => {
    const print = (name: string, value: string) => {
      let printed = '';
      const exporter = new DebugExporter(makeSettings('debug'), debugSchema.parse({ verbosity }), {
        write: (text, done) => {
          printed += text;
          done(undefined);
        },
      });
      const pod = { 'k8s.namespace.name': value, 'k8s.pod.name': name };
      const flows = [flow('10.0.0.1', '10.0.0.2', { interface: name, transport: value, source: end('10.0.0.1', pod) })];
      const overflow = [row({ reason: name, direction: 'ingress', 'network.interface.name': value, [`x${name}`]: 1 }, 1, 1)];
      const hooks = [{ hook: name, attached: false, rung: 'none', why: value, detail: value }];
      const given = flowBatch(flows, { trigger: 'interval', overflow, hooks, losses: [{ slot: name, count: 1 }] });
      exporter.consume({ ...given, pods: { rows: [row(pod, 1, 1)], ended: [] } });
      return seenLines(printed);
    };
    const usual = print('eth0', 'shop').length;
    fc.assert(
      fc.property(hostileText, hostileText, (name, value) => {
        expect(print(name, value)).toHaveLength(usual);
      }),
    );
  });

  test.each(['console', 'json'] as const)('the log, %s: a line for each, whatever is in it', (encoding) => {
    const path = join(scratch(), 'log');
    const { logger } = openLog({ level: 'info', encoding, output_paths: [path] });
    const said: string[] = [];
    fc.assert(
      fc.property(hostileText, hostileText, (name, value) => {
        componentLogger(logger, 'receiver', name).info({ [name]: value, err: new Error(value) }, `${name}: ${value}`);
        said.push(`${name}: ${value}`);
      }),
    );
    const lines = seenLines(readFileSync(path, 'utf8'));
    const begins = encoding === 'json' ? /^\{"level":"info"/ : /^20\S+Z {2}info/;
    expect(lines.filter((line) => begins.test(line))).toHaveLength(said.length);
    if (encoding === 'json') {
      const told = lines.slice(0, -1).map((line) => (JSON.parse(line) as { msg: string }).msg);
      expect(told).toEqual(said);
    } else expect(lines.every((line) => line === '' || begins.test(line) || line.startsWith('    '))).toBe(true);
  });

  test('validate and doctor: one line for each mistake', async () => {
    const file = join(scratch(), 'config.yaml');
    await fc.assert(
      fc.asyncProperty(hostileText, hostileText, async (key, value) => {
        const exporters = { debug: { [`x${key}`]: value, verbosity: `x${value}` } };
        const config = {
          receivers: { dropreason: {} },
          exporters,
          service: { pipelines: { metrics: { receivers: ['dropreason'], exporters: ['debug'] } } },
        };
        writeFileSync(file, yaml(config));
        const { code, stdout, stderr } = await command('validate', '--config', file);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        const [first, ...mistakes] = seenLines(stderr).slice(0, -1);
        expect(first).toBe('dropreason: the configuration has mistakes:');
        expect(mistakes).toHaveLength(2);
        for (const line of mistakes) expect(line).toMatch(/^exporters::debug::/);
      }),
      { numRuns: 30 },
    );
    const name = 'no\u001b[31m\nsuch.yaml';
    for (const verb of ['validate', 'doctor', 'unpin', 'print-config']) {
      expect(seenLines((await command(verb, '--config', name)).stderr)).toHaveLength(3);
    }
  });

  test('print-config: what can be read again', async () => {
    const file = join(scratch(), 'config.yaml');
    const path = '/tmp/flows \u001b[2J\u202e\u009b\tthe\u{e0001}.jsonl';
    const resource = { 'team\u202ename': 'one\ntwo\u0007', plain: 'one\ntwo' };
    const config = {
      receivers: { dropreason: { mode: 'advanced' } },
      exporters: { file: { path } },
      service: {
        pipelines: { metrics: { receivers: ['dropreason'], exporters: ['file'] } },
        telemetry: { resource },
      },
    };
    writeFileSync(file, yaml(config));
    const { code, stdout, stderr } = await command('print-config', '--config', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    seenLines(stdout);
    expect(parse(stdout)).toMatchObject({ exporters: { file: { path } }, service: { telemetry: { resource } } });
  });

  test('the answers of health_check and of a path that fails', async () => {
    const why = 'one\u001b[2J\u009b\u202e';
    const extension = new HealthCheck(makeSettings('health_check'), healthSchema.parse({ endpoint: 'localhost:0' }));
    await extension.start({
      refresh: () => Promise.resolve(),
      health: () => [{ id: 'x', healthy: false, why }],
      sources: () => [],
      authenticator: () => undefined,
    });
    const text = await (await fetch(`http://127.0.0.1:${extension.port}`)).text();
    await extension.shutdown(0);
    seenLines(text);
    expect(JSON.parse(text)).toMatchObject({ why: [`x: ${why}`] });
    const { bodies } = textAnswer(500, why);
    seenLines(Buffer.concat(bodies.identity?.chunks ?? []).toString());
  });

  test('what an API server, or a proxy before it, says', () => {
    const { message } = new ApiFailure('broken', 'the API server returned 502: <html>\r\n<body>\u001b[31mBad</body>');
    expect(seenLines(message)).toEqual(['the API server returned 502: <html>\\r\\n<body>\\u001b[31mBad</body>']);
  });
});
