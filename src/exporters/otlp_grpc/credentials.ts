import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { ComponentError } from '../../component/errors.ts';
import { readTlsFiles } from '../../otlp/tls_files.ts';
import type { OtlpGrpcConfig } from './config.ts';

/** @throws ComponentError where a file of `tls` can't be read or used. */
export async function makeCredentials({ endpoint, tls }: OtlpGrpcConfig): Promise<ChannelCredentials> {
  if (endpoint.scheme === 'http' || (tls.insecure && endpoint.scheme !== 'https')) return credentials.createInsecure();
  const { ca = null, key = null, cert = null } = await readTlsFiles(tls);
  const verify = tls.insecure_skip_verify ? { rejectUnauthorized: false, checkServerIdentity: () => undefined } : {};
  try {
    return credentials.createSsl(ca, key, cert, verify);
  } catch (error) {
    throw new ComponentError(`tls: the certificates can't be used: ${(error as Error).message}`);
  }
}
