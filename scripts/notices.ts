import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export interface Packaged {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The texts of its licence and notices. */
  readonly texts: readonly string[];
}

const NOTICE = /^(?:licen[cs]e|copying|notice)/i;
const RULE = `\n${'-'.repeat(80)}\n`;

/** The packages that contain these modules, sorted by name and version. Throws if a package names no licence. */
export function packagesOf(modules: readonly string[]): Packaged[] {
  const directories = new Set(modules.flatMap((module) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module) ?? []));
  return [...directories].map(readPackage).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

function readPackage(directory: string): Packaged {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
  if (license === undefined) throw new Error(`${directory}/package.json names no licence`);
  const texts = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && NOTICE.test(entry.name))
    .map((entry) => readFileSync(join(directory, entry.name), 'utf8').trim());
  return { name, version, license, texts };
}

/** The text of NOTICES.txt. */
export function renderNotices(packages: readonly Packaged[]): string {
  const parts = packages.map((each) => [`${idOf(each)}: ${each.license}`, ...each.texts].join('\n\n'));
  return `dropreason contains these packages, in the files beside this one:\n${RULE}\n${parts.join(`\n${RULE}\n`)}\n`;
}

function idOf({ name, version }: Packaged): string {
  return `${name} ${version}`;
}
