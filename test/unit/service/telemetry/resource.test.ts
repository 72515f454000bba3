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

  it('is the same instance as long as what it counts is', () => {
    const resource = buildResource({}, logger as never);
    const id = () => resource.attributes['service.instance.id'];
    const ofProcess = id();
    resource.identify(['pins in a', 'pins in b']);
    const pinned = id();
    expect(pinned).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(pinned).toBe('9ee19822-2898-5f0c-a3c4-40531a22522b');
    resource.identify(['pins in b', 'pins in a']);
    expect(id()).toBe(pinned);
    resource.identify(['pins in b']);
    expect(id()).not.toBe(pinned);
    resource.identify([]);
    expect(id()).toBe(ofProcess);
  });

  it('leaves an instance that the user gave, or took away', () => {
    const given = buildResource({ 'service.instance.id': 'mine' }, logger as never);
    const none = buildResource({ 'service.instance.id': null }, logger as never);
    for (const resource of [given, none]) resource.identify(['pins']);
    expect(given.attributes).toMatchObject({ 'service.instance.id': 'mine' });
    expect(none.attributes).not.toHaveProperty('service.instance.id');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.instance.id=theirs');
    const fromEnvironment = buildResource({}, logger as never);
    fromEnvironment.identify(['pins']);
    expect(fromEnvironment.attributes).toMatchObject({ 'service.instance.id': 'theirs' });
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
    expect(warnings).toEqual([expect.stringMatching(/^OTEL_RESOURCE_ATTRIBUTES is ignored/)]);
  });
});
