import { digestOf } from '../../component/equal_secrets.ts';
import { ComponentError } from '../../component/errors.ts';
import { readKeyFile } from '../../component/read_key_file.ts';
import { type BearerTokenAuthConfig, TOKEN } from './config.ts';

/** The tokens of a configuration. */
export interface Tokens {
  /** The one that an exporter sends. */
  readonly first: string;
  readonly digests: readonly Buffer[];
}

/** Reads the tokens. @throws ComponentError if the file can't be read, or has none. */
export async function readTokens({ token, tokens = [], filename }: BearerTokenAuthConfig): Promise<Tokens> {
  if (filename === undefined) return toTokens([...(token === undefined ? [] : [token]), ...tokens].map((each) => each.reveal()));
  const lines = (await readKeyFile('filename', filename)).split('\n').map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== '' && !TOKEN.test(line));
  if (wrong !== -1) throw new ComponentError(`filename: ${filename}:${wrong + 1}: a token is printable ASCII without spaces`);
  const given = lines.filter((line) => line !== '');
  if (given.length === 0) throw new ComponentError(`filename: ${filename} has no token`);
  return toTokens(given);
}

function toTokens(given: readonly string[]): Tokens {
  return { first: given[0] ?? '', digests: given.map(digestOf) };
}
