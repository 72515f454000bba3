import { execFileSync } from 'node:child_process';
import { constants, openSync, readFileSync, readSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DescriptorOutput, FileOutput } from '../../../src/component/file_output.ts';
import type { Output } from '../../../src/component/output.ts';
import { scratchDirectory } from '../../support/scratch.ts';

/** Writes, and returns the code of the error. */
function write(output: Output, lines: string): string | undefined {
  let said: NodeJS.ErrnoException | undefined;
  output.write(lines, (error) => {
    said = error;
  });
  return said?.code;
}

function open(path: string): FileOutput {
  const output = new FileOutput(path);
  onTestFinished(() => output.close());
  return output;
}

describe('FileOutput', () => {
  test('appends, also after another process has truncated the file', () => {
    const path = join(scratchDirectory(), 'log');
    writeFileSync(path, 'before\n');
    const output = open(path);
    expect(write(output, 'one\n')).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('before\none\n');
    truncateSync(path); // logrotate's copytruncate
    write(output, 'two\n');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
  });

  test('continues in the new file after reopen, or in the old one if that fails', () => {
    const directory = scratchDirectory();
    const path = join(directory, 'log');
    const output = open(path);
    renameSync(path, `${path}.1`);
    write(output, 'one\n');
    output.reopen();
    write(output, 'two\n');
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['one\n', 'two\n']);
    renameSync(directory, `${directory}-moved`);
    onTestFinished(() => rmSync(`${directory}-moved`, { recursive: true }));
    expect(() => output.reopen()).toThrow(/ENOENT/);
    expect(write(output, 'three\n')).toBeUndefined();
    expect(readFileSync(join(`${directory}-moved`, 'log'), 'utf8')).toBe('two\nthree\n');
  });

  test.skipIf(process.getuid?.() !== 0)('reports a full disk, and after it begins a line of its own', () => {
    const directory = scratchDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', directory]);
    onTestFinished(() => void execFileSync('umount', [directory]));
    const path = join(directory, 'log');
    const output = open(path);
    onTestFinished(() => output.close()); // before the umount
    writeFileSync(join(directory, 'other'), 'x'.repeat(48 * 1024));
    const long = `${'y'.repeat(10_000)}\n`;
    expect(write(output, long)).toBeUndefined();
    expect(write(output, long)).toBe('ENOSPC');
    expect(write(output, long)).toBe('ENOSPC');
    rmSync(join(directory, 'other'));
    expect(write(output, 'after\n')).toBeUndefined();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect([lines.at(-2), lines.at(-1)]).toEqual(['after', '']);
    expect(lines.slice(0, -2).every((line) => /^y+$/.test(line))).toBe(true);
  });

  test('of a FIFO does not wait for a reader, and writes when there is one', () => {
    const path = join(scratchDirectory(), 'fifo');
    execFileSync('mkfifo', [path]);
    const output = open(path);
    expect(write(output, 'nobody\n')).toBe('ENXIO');
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    expect(write(output, 'somebody\n')).toBeUndefined();
    const bytes = Buffer.alloc(100);
    expect(bytes.toString('utf8', 0, readSync(reader, bytes))).toBe('somebody\n');
  });

  test('cannot be opened if waiting would not help', () => {
    expect(() => new FileOutput(join(scratchDirectory(), 'none', 'log'))).toThrow(/ENOENT/);
    expect(() => new FileOutput(scratchDirectory())).toThrow(/EISDIR/);
  });
});

test('DescriptorOutput reports a device that is full', () => {
  expect(write(new DescriptorOutput(openSync('/dev/full', 'w')), 'one\n')).toBe('ENOSPC');
});
