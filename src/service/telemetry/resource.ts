import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import { resourceAttributesEnvDetector, serviceNameEnvDetector } from '@opentelemetry/resources';
import type { Logger } from 'pino';
import { VERSION } from '../../component/version.ts';
import type { TelemetryConfig } from '../../config/service_schema.ts';
import { InstanceResource } from './instance_resource.ts';

/** A placeholder for the id that InstanceResource fills in. */
const OURS = '';

/**
 * Builds the resource of the agent (OpenTelemetry's resource conventions). The environment (OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME)
 * overrides detected values, and `service::telemetry::resource` overrides both. There, null or an empty string removes an
 * attribute.
 */
export function buildResource(config: TelemetryConfig['resource'], logger: Pick<Logger, 'warn'>): InstanceResource {
  const attributes: Attributes = { ...detect(), ...fromEnvironment(logger) };
  for (const [name, value] of Object.entries(config)) {
    if (value === null || value === '') delete attributes[name];
    else attributes[name] = value;
  }
  return new InstanceResource(attributes, { isOurs: attributes['service.instance.id'] === OURS });
}

function detect(): Attributes {
  const hostId = machineId();
  const nodeName = process.env.K8S_NODE_NAME ?? '';
  return {
    'service.name': 'dropreason',
    'service.version': VERSION,
    'service.instance.id': OURS,
    'host.name': hostname(),
    ...(hostId === '' ? {} : { 'host.id': hostId }),
    'os.type': 'linux',
    ...(nodeName === '' ? {} : { 'k8s.node.name': nodeName }),
  };
}

function fromEnvironment(logger: Pick<Logger, 'warn'>): Attributes {
  const attributes: Attributes = {};
  for (const detector of [resourceAttributesEnvDetector, serviceNameEnvDetector]) {
    for (const [name, value] of Object.entries(detector.detect().attributes ?? {})) {
      if (typeof value === 'string') attributes[name] = value;
    }
  }
  // The detector silently drops the whole variable for one invalid entry.
  const given = process.env.OTEL_RESOURCE_ATTRIBUTES?.trim() ?? '';
  if (given !== '' && Object.keys(resourceAttributesEnvDetector.detect().attributes ?? {}).length === 0) {
    logger.warn('OTEL_RESOURCE_ATTRIBUTES is ignored: write it as name=value,name=value with values percent-encoded');
  }
  return attributes;
}

/** See machine-id(5); empty if there is none. */
function machineId(): string {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(path, 'utf8').trim();
      if (/^[0-9a-f]{32}$/.test(id)) return id;
    } catch {
      // Try the next file.
    }
  }
  return '';
}
