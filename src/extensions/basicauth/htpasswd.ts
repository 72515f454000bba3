/** The password of one user, as it is kept. */
export type PasswordHash = { readonly bcrypt: string } | { readonly sha1: string };

export type Users = ReadonlyMap<string, PasswordHash>;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const SHA = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;

/** A check takes twice as long with each. With 15 it takes a few seconds. */
const MOST_COST = 15;

/** The users of a file by htpasswd, later lines over earlier ones. Without the lines that have a mistake. */
export function readHtpasswd(text: string): Users {
  const users = new Map<string, PasswordHash>();
  for (const line of text.split('\n')) {
    const [user, hash] = partsOf(line) ?? [];
    if (user === undefined || hash === undefined || mistakeInHash(hash) !== undefined) continue;
    const [, sha1] = SHA.exec(hash) ?? [];
    users.set(user, sha1 === undefined ? { bcrypt: hash } : { sha1 });
  }
  return users;
}

/** The first mistake, with its line and without what the line has; undefined if there is none. */
export function htpasswdMistake(text: string): string | undefined {
  for (const [index, line] of text.split('\n').entries()) {
    if (isEmpty(line)) continue;
    const [user = '', hash = ''] = partsOf(line) ?? [];
    const mistake = user === '' || hash === '' ? 'must be USER:HASH' : mistakeInHash(hash);
    if (mistake !== undefined) return `line ${index + 1}: ${mistake}`;
  }
  return readHtpasswd(text).size === 0 ? 'has no users' : undefined;
}

function mistakeInHash(hash: string): string | undefined {
  const [, cost] = BCRYPT.exec(hash) ?? [];
  if (cost !== undefined)
    return Number(cost) <= MOST_COST ? undefined : `a cost of ${Number(cost)} takes too long; at most ${MOST_COST}`;
  if (SHA.test(hash)) return undefined;
  return 'the password must be hashed by bcrypt: write the line with `htpasswd -B`';
}

/** As in files of htpasswd, "#" begins a comment. */
function isEmpty(line: string): boolean {
  return /^\s*(?:#.*)?$/.test(line);
}

function partsOf(line: string): readonly [string, string] | undefined {
  const colon = line.indexOf(':');
  if (isEmpty(line) || colon === -1) return undefined;
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}
