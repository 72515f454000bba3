import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from './kube_client.ts';
import { KUSTOMIZE } from './peers.ts';

const MANIFESTS = join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes');

/** The components that an operator may choose in deploy/kubernetes/kustomization.yaml. */
export const COMPONENTS = ['remote', 'retina', 'pin'] as const;

/** What kustomize (or `kubectl kustomize`) makes of deploy/kubernetes with these components. */
export function manifests(...components: readonly (typeof COMPONENTS)[number][]): KubeObject[] {
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-manifests-'));
  try {
    cpSync(MANIFESTS, directory, { recursive: true });
    const file = join(directory, 'kustomization.yaml');
    const chosen = components.map((component) => `components/${component}`);
    writeFileSync(file, stringify({ ...parse(readFileSync(file, 'utf8')), components: chosen }));
    const command = basename(KUSTOMIZE.path) === 'kubectl' ? 'kustomize' : 'build';
    const text = execFileSync(KUSTOMIZE.path, [command, directory], { encoding: 'utf8' });
    return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The one object of that kind. */
export function only(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.filter((object) => object.kind === kind);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of ${kind}`);
  return found[0];
}
