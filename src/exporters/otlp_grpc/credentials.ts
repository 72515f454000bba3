import { readFile } from 'node:fs/promises';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { ComponentError } from '../../component/errors.ts';
import type { OtlpGrpcConfig } from './config.ts';

/** @throws ComponentError where a file of `tls` can't be read or used. */
export async function makeCredentials({ endpoint, tls }: OtlpGrpcConfig): Promise<ChannelCredentials> {
  if (endpoint.scheme === 'http' || (tls.insecure && endpoint.scheme !== 'https')) return credentials.createInsecure();
  const [root, key, certificate] = await Promise.all([
    readPem('ca_file', tls.ca_file),
    readPem('key_file', tls.key_file),
    readPem('cert_file', tls.cert_file),
  ]);
  const verify = tls.insecure_skip_verify ? { rejectUnauthorized: false, checkServerIdentity: () => undefined } : {};
  try {
    return credentials.createSsl(root, key, certificate, verify);
  } catch (error) {
    throw new ComponentError(`tls: the certificates can't be used: ${(error as Error).message}`);
  }
}

async function readPem(key: string, path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new ComponentError(`tls::${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
