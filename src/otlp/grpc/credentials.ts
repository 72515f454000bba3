import { createSecureContext } from 'node:tls';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { TlsMaterial } from '../../tls/tls_material.ts';
import type { GrpcClientSettings } from './client_settings.ts';

/** Without material, there is no TLS. */
export function makeCredentials(material: TlsMaterial | undefined, { tls }: GrpcClientSettings): ChannelCredentials {
  if (material === undefined) return credentials.createInsecure();
  const verify = tls.insecure_skip_verify ? { rejectUnauthorized: false, checkServerIdentity: () => undefined } : {};
  return credentials.createFromSecureContext(createSecureContext(material.value), verify);
}
