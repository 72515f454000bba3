import { readFile } from 'node:fs/promises';
import { ComponentError } from '../component/errors.ts';
import type { TlsSettings } from './tls_settings.ts';

/** The contents of the files that `tls` names; undefined for those that it doesn't. */
export interface TlsFiles {
  readonly ca: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly cert: Buffer | undefined;
}

/** @throws ComponentError where a file can't be read. */
export async function readTlsFiles({ ca_file, key_file, cert_file }: TlsSettings): Promise<TlsFiles> {
  const [ca, key, cert] = await Promise.all([
    readPem('ca_file', ca_file),
    readPem('key_file', key_file),
    readPem('cert_file', cert_file),
  ]);
  return { ca, key, cert };
}

async function readPem(key: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new ComponentError(`tls::${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
