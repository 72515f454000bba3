/**
 * `node scripts/sbom.ts FILE`: writes the software bill of materials (CycloneDX 1.5) of the shipped packages. npm lists everything
 * that is locked; with `--omit dev` it leaves out shipped packages that a development tool needs too. Without a time and a serial number,
 * the same lock file gives the same text.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

interface Bill {
  serialNumber?: string;
  metadata: { timestamp?: string };
  components: { readonly 'bom-ref': string; readonly group?: string; readonly name: string; readonly version: string }[];
  dependencies: { readonly ref: string; dependsOn?: string[] }[];
}

type Locked = Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;

const [file = 'build/sbom.cdx.json'] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Locked };
const shipped = new Set(
  Object.entries(packages).flatMap(([path, { version, dev }]) =>
    path === '' || dev ? [] : [`${path.replace(/^.*node_modules\//, '')}@${version}`],
  ),
);

const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], { encoding: 'utf8' });
const bill = JSON.parse(text) as Bill;
const all = bill.components;
const nameOf = ({ group, name, version }: Bill['components'][number]) => `${group ? `${group}/` : ''}${name}@${version}`;
bill.components = all.filter((component) => shipped.has(nameOf(component)));
const left = new Set(all.filter((component) => !shipped.has(nameOf(component))).map((component) => component['bom-ref']));
bill.dependencies = bill.dependencies
  .filter(({ ref }) => !left.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => !left.has(each)) }));
delete bill.serialNumber;
delete bill.metadata.timestamp;

const listed = new Set(bill.components.map(nameOf));
const missing = [...shipped].filter((each) => !listed.has(each));
if (missing.length > 0) throw new Error(`the bill of materials lacks ${missing.join(', ')}`);
writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`);
console.log(`${file}: ${listed.size} packages`);
