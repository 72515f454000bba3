import { ComponentError } from '../../component/errors.ts';
import { readKeyFile } from '../../component/read_key_file.ts';
import type { BasicAuthConfig, ClientAuth, Htpasswd } from './config.ts';
import { htpasswdMistake, readHtpasswd, type Users } from './htpasswd.ts';

/** What a configuration says: who is accepted, or as whom an exporter logs in. */
export interface Credentials {
  readonly users: Users;
  /** The value of Authorization; empty without `client_auth`. */
  readonly authorization: string;
}

/** Reads the files. @throws ComponentError if one can't be read or used. */
export async function readCredentials({ htpasswd, client_auth }: BasicAuthConfig): Promise<Credentials> {
  return {
    users: htpasswd === undefined ? new Map() : await readUsers(htpasswd),
    authorization: client_auth === undefined ? '' : await readAuthorization(client_auth),
  };
}

async function readUsers({ file, inline }: Htpasswd): Promise<Users> {
  const ofText = readHtpasswd(inline?.reveal() ?? '');
  if (file === undefined) return ofText;
  const text = await readKeyFile('htpasswd::file', file);
  const mistake = htpasswdMistake(text);
  if (mistake !== undefined) throw new ComponentError(`htpasswd::file: ${file}: ${mistake}`);
  return new Map([...readHtpasswd(text), ...ofText]);
}

async function readAuthorization({ username, username_file, password, password_file }: ClientAuth): Promise<string> {
  const name = username_file === undefined ? username : await readLine('username_file', username_file);
  const word = password_file === undefined ? password?.reveal() : await readLine('password_file', password_file);
  return `Basic ${Buffer.from(`${name}:${word}`).toString('base64')}`;
}

async function readLine(key: string, path: string): Promise<string> {
  const text = (await readKeyFile(`client_auth::${key}`, path)).trim();
  if (text === '') throw new ComponentError(`client_auth::${key}: ${path} is empty`);
  return text;
}
