import { describe, expect, test } from 'vitest';
import { unpin } from '../../../src/cli/unpin.ts';
import { ComponentError } from '../../../src/component/errors.ts';
import type { Factories } from '../../../src/component/factory.ts';
import { Stage } from '../../support/components.ts';
import { files } from '../config/scratch.ts';

const FILE = `receivers: {source: {tag: one}, source/2: {tag: two}}
exporters: {sink: }
service: {pipelines: {metrics: {receivers: [source], exporters: [sink]}}}
`;

async function run(remove?: (tag: string) => readonly string[]): Promise<string> {
  const { factories } = new Stage();
  const receivers = factories.receivers.map((factory) =>
    remove === undefined ? factory : { ...factory, unpin: async (config: unknown) => remove((config as { tag: string }).tag) },
  );
  const text: string[] = [];
  const io = { stdout: (written: string) => void text.push(written), stderr: () => {} };
  await unpin({ files: files(FILE), env: {}, factories: { ...factories, receivers } satisfies Factories }, io);
  return text.join('');
}

describe('unpin', () => {
  test('lists what every defined receiver has left, whether a pipeline uses it or not', async () => {
    expect(await run((tag) => [`/sys/fs/bpf/${tag}/map`, `/sys/fs/bpf/${tag}`])).toBe(
      ['one/map', 'one', 'two/map', 'two'].map((path) => `removed /sys/fs/bpf/${path}\n`).join(''),
    );
  });

  test('says so where there is nothing', async () => {
    expect(await run(() => [])).toBe('nothing is pinned\n');
    expect(await run()).toBe('nothing is pinned\n');
  });

  test('says why it cannot', async () => {
    const refuse = () => {
      throw new ComponentError('/sys/fs/bpf/one is in use');
    };
    await expect(run(refuse)).rejects.toThrow('/sys/fs/bpf/one is in use');
  });
});
