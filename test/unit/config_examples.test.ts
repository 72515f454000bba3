import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cli } from '../../src/cli/cli.ts';
import { formatEndpoint } from '../../src/component/schema.ts';
import { factories } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The configuration of the collector that takes what we push: not ours to read. */
const FOREIGN = ['downstream-collector.yaml'];

const EXAMPLES = [
  'otel-collector.yaml',
  ...readdirSync(join(ROOT, 'config'))
    .filter((name) => name.endsWith('.yaml') && !FOREIGN.includes(name))
    .map((name) => join('config', name)),
];

/** What the manifests run. */
const DEPLOYED = globSync('deploy/**/config.yaml', { cwd: ROOT });

async function validate(name: string) {
  const said = { stdout: '', stderr: '' };
  const code = await cli(['validate', '--config', join(ROOT, name)], {
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}

describe('the configurations that come along', () => {
  test('are there', () => {
    expect(EXAMPLES.length).toBeGreaterThan(5);
  });

  test.each(EXAMPLES)('%s has no mistake and nothing to warn of', async (name) => {
    const { code, stdout, stderr } = await validate(name);
    expect(stderr).toBe('');
    expect(stdout).toContain('valid, pipelines: metrics');
    expect(code).toBe(0);
  });

  test.each(FOREIGN)('%s is no configuration of ours', async (name) => {
    const { code, stderr } = await validate(join('config', name));
    expect(stderr).toContain('receivers::otlp: there is no receiver otlp');
    expect(code).toBe(1);
  });
});

/** Each folder of a component has one, with an example to copy. */
const READMES = globSync('src/{receivers,processors,exporters,extensions}/*/README.md', { cwd: ROOT });

describe("components' READMEs", () => {
  test('are there for each', () => {
    expect(READMES.length).toBe(Object.values(factories).flat().length);
  });

  test.each(READMES)('%s has an example that uses it and is valid', (name) => {
    const examples = [...readFileSync(join(ROOT, name), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
    expect(examples).toHaveLength(1);
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'config.yaml');
    writeFileSync(file, examples.join());
    const config = loadConfig({ files: [file], env: { K8S_NODE_NAME: 'node-1', TOKEN: 'secret' }, factories });
    expect(config.warnings).toEqual([]);
    const [, kind, type] = name.split('/') as [string, 'receivers' | 'processors' | 'exporters' | 'extensions', string];
    expect([...config[kind].values()].map((each) => each.type)).toContain(type);
  });
});

/** As `status.podIP` is where a cluster is of that kind; a dual-stack one gives its first family. */
const POD_IPS = [
  ['IPv4', '10.1.2.3'],
  ['IPv6', 'fd00:10:244::7'],
  ['a link with a zone', 'fe80::1%eth0'],
  ['no pod', undefined],
] as const;

describe.each(POD_IPS)('on %s', (_, podIp) => {
  const shipped = [...EXAMPLES, ...DEPLOYED];
  test.each(shipped)('%s listens there', (name) => {
    const env = { K8S_NODE_NAME: 'node-1', ...(podIp === undefined ? {} : { POD_IP: podIp }) };
    const file = join(ROOT, name);
    const config = loadConfig({ files: [file], env, factories });
    const ofPod = readFileSync(file, 'utf8').includes('POD_IP');
    const given = [...config.exporters.values(), ...config.extensions.values()].map(({ config: each }) => each as Listening);
    const hosts = given.flatMap(({ endpoint }) => (endpoint?.host === undefined ? [] : [endpoint.host]));
    hosts.push(...config.service.telemetry.metrics.readers.flatMap(({ pull }) => pull?.exporter.prometheus.host ?? []));
    expect(hosts.length).toBeGreaterThan(0);
    for (const host of hosts) {
      expect(host).toBe(ofPod ? (podIp ?? 'localhost') : 'localhost');
      expect(new URL(`http://${formatEndpoint({ host: host.replace(/%.*/, ''), port: 1 })}`).port).toBe('1');
    }
  });
});

interface Listening {
  readonly endpoint?: { readonly host?: string };
}
