import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildResource } from '../../../../src/service/telemetry/resource.ts';

const warnings: string[] = [];
const logger = { warn: (message: string) => void warnings.push(message) };
const build = (config: Parameters<typeof buildResource>[0] = {}) => buildResource(config, logger as never).attributes;

afterEach(() => {
  vi.unstubAllEnvs();
  warnings.length = 0;
});

describe('buildResource', () => {
  it('says which service, host and node is speaking', () => {
    vi.stubEnv('K8S_NODE_NAME', 'worker-7');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(build()).toEqual({
      'service.name': 'dropreason',
      'service.version': version,
      'service.instance.id': expect.stringMatching(/^[0-9a-f]{8}-/),
      'host.name': hostname(),
      ...(existsSync('/etc/machine-id') ? { 'host.id': expect.stringMatching(/^[0-9a-f]{32}$/) } : {}),
      'os.type': 'linux',
      'k8s.node.name': 'worker-7',
    });
  });

  it('is the same instance after a reload', () => {
    expect(build()['service.instance.id']).toBe(build()['service.instance.id']);
  });

  it('takes the environment over what was detected, and the configuration over both', () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=a,deployment.environment=lab%20one,host.name=b,team=c');
    vi.stubEnv('OTEL_SERVICE_NAME', 'drops');
    expect(build({ 'host.name': 'mine', team: null, 'os.type': '' })).toMatchObject({
      'service.name': 'drops',
      'deployment.environment': 'lab one',
      'host.name': 'mine',
    });
    expect(Object.keys(build({ team: null, 'os.type': '' }))).not.toEqual(expect.arrayContaining(['team']));
    expect(build({ 'os.type': '' })).not.toHaveProperty('os.type');
    expect(warnings).toEqual([]);
  });

  it('warns of a variable that can’t be read', () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=c,nonsense');
    expect(build()).not.toHaveProperty('team');
    expect(warnings).toEqual([expect.stringMatching(/^OTEL_RESOURCE_ATTRIBUTES is left out/)]);
  });
});
