import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');

function text(...path: readonly string[]): string {
  return readFileSync(join(ROOT, ...path), 'utf8');
}

// kustomize reads no file outside of its own folder: so each is there twice.
test.each([
  ['base', 'advanced-local.yaml'],
  ['components/remote', 'advanced-remote.yaml'],
  ['components/retina', 'retina.yaml'],
])('the configuration in deploy/kubernetes/%s is config/%s', (folder, example) => {
  expect(text('deploy/kubernetes', folder, 'config.yaml')).toBe(text('config', example));
});

test('the DaemonSet sees names of network namespaces, those too that come later, and can change none', () => {
  const { containers, volumes } = parse(text('deploy/kubernetes/base/daemon_set.yaml')).spec.template.spec;
  expect(volumes).toContainEqual({ name: 'netns', hostPath: { path: '/run/netns', type: 'DirectoryOrCreate' } });
  const mount = { name: 'netns', mountPath: '/run/netns', readOnly: true, mountPropagation: 'HostToContainer' };
  expect(containers[0].volumeMounts).toContainEqual(mount);
});
