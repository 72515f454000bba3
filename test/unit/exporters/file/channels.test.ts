import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratchDirectory } from '../../../support/scratch.ts';
import { byRead, parseLines, startExporter } from './harness.ts';
import { read } from './reads.ts';

/** A reader that keeps up. */
const EAGERLY = { interval: 1, timeout: 20_000 };

/** Reads what is in a FIFO, and only when it is told to. */
class FifoReader {
  readonly #descriptor: number;
  text = '';

  constructor(path: string) {
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  take(most = Number.POSITIVE_INFINITY): this {
    const buffer = Buffer.alloc(Math.min(most, 65_536));
    try {
      for (let left = most; left > 0; ) {
        const bytes = readSync(this.#descriptor, buffer, 0, Math.min(left, buffer.length), null);
        if (bytes === 0) break;
        this.text += buffer.toString('utf8', 0, bytes);
        left -= bytes;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return this;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function makeFifo(): string {
  const path = join(scratchDirectory(), 'flows');
  execFileSync('mkfifo', [path]);
  return path;
}

/** A listening Unix socket; connections are left alone until they are read. */
async function listen(path = join(scratchDirectory(), 'flows.sock')) {
  const sockets: Socket[] = [];
  const server: Server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(() => void stop());
  return { path, sockets, stop };
}

function collect(socket: Socket) {
  const got = { text: '' };
  socket.setEncoding('utf8').on('data', (text: string) => {
    got.text += text;
  });
  socket.resume();
  return got;
}

describe('FileExporter, to a FIFO', () => {
  it('starts and goes on without a reader, counts what nobody took, and begins when one comes', async () => {
    const path = makeFifo();
    const { exporter, failed, sent, lines } = await startExporter(path);
    for (let i = 1; i <= 2; i++) {
      exporter.consume(read(i, 10));
      await expect.poll(failed).toBe(10 * i);
    }
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining(`${path} has no reader (ENXIO)`) }]);
    const reader = new FifoReader(path);
    exporter.consume(read(3, 10));
    await expect.poll(sent).toBe(10);
    expect(byRead(parseLines(reader.take().text))).toEqual({ 3: 10 });
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: `flows are written to ${path} again` });
    reader.close();
  });

  it('keeps one read for a reader that does not read, loses the others whole, and counts them', async () => {
    const path = makeFifo();
    const { exporter, failed, sent, lines } = await startExporter(path);
    const reader = new FifoReader(path);
    const perRead = 2_000;
    for (let i = 1; i <= 4; i++) exporter.consume(read(i, perRead));
    expect(await failed()).toBe(2 * perRead);
    expect(lines).toMatchObject([{ level: 'error', msg: expect.stringContaining('whole reads are lost') }]);
    await expect
      .poll(async () => {
        reader.take();
        return await sent();
      }, EAGERLY)
      .toBe(2 * perRead);
    expect(byRead(parseLines(reader.take().text))).toEqual({ 1: perRead, 2: perRead });
    exporter.consume(read(5, 1));
    await expect.poll(() => byRead(parseLines(reader.take().text))[5]).toBe(1);
    expect(await failed()).toBe(2 * perRead);
    reader.close();
  });

  it('begins with a whole line where the reader before went away in the middle of one', async () => {
    const path = makeFifo();
    const { exporter, failed, sent } = await startExporter(path);
    const perRead = 2_000;
    const first = new FifoReader(path);
    exporter.consume(read(1, perRead));
    await expect.poll(() => first.take(1_000).text.length, EAGERLY).toBeGreaterThan(100_000);
    first.close();
    await expect.poll(async () => Number(await sent()) + Number(await failed())).toBe(perRead);
    expect(await failed()).toBeGreaterThan(0);
    const second = new FifoReader(path);
    exporter.consume(read(2, 5));
    await expect.poll(() => byRead(parseLines(second.take().text))).toEqual({ 2: 5 });
    second.close();
  });

  it('ends in time though its reader does not read, and counts what it could not say', async () => {
    const path = makeFifo();
    const { exporter, failed, sent } = await startExporter(path);
    const reader = new FifoReader(path);
    exporter.consume(read(1, 4_000));
    exporter.consume(read(2, 4_000));
    const began = Date.now();
    await exporter.shutdown(200);
    expect(Date.now() - began).toBeLessThan(1_200);
    expect(Number(await sent()) + Number(await failed())).toBe(8_000);
    expect(await failed()).toBeGreaterThan(4_000);
    reader.close();
  });
});

describe('FileExporter, to a Unix socket', () => {
  it('connects, and again at a later read, with nothing lost where the listener was only begun anew', async () => {
    const { path, sockets, stop } = await listen();
    const { exporter, sent, failed, lines } = await startExporter(path);
    exporter.consume(read(1, 3));
    await expect.poll(sent).toBe(3);
    const first = collect(sockets[0] as Socket);
    await expect.poll(() => byRead(parseLines(first.text))).toEqual({ 1: 3 });
    await stop();
    exporter.consume(read(2, 3));
    await expect.poll(failed).toBe(3);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: expect.stringContaining(`${path} has no reader`) });
    const again = await listen(path);
    exporter.consume(read(3, 3));
    await expect.poll(sent).toBe(6);
    const second = collect(again.sockets[0] as Socket);
    await expect.poll(() => byRead(parseLines(second.text))).toEqual({ 3: 3 });
  });

  it('finds at the first line of a read that its reader was replaced', async () => {
    const { path, sockets } = await listen();
    const { exporter, sent, failed } = await startExporter(path);
    exporter.consume(read(1, 3));
    await expect.poll(sent).toBe(3);
    sockets[0]?.destroy();
    exporter.consume(read(2, 3));
    await expect.poll(sent).toBe(6);
    const second = collect(sockets[1] as Socket);
    await expect.poll(() => byRead(parseLines(second.text))).toEqual({ 2: 3 });
    expect(await failed()).toBe(0);
  });

  it('goes on for a reader that has closed its sending side', async () => {
    const { path, sockets } = await listen();
    const { exporter, sent, failed } = await startExporter(path);
    exporter.consume(read(1, 1));
    await expect.poll(sent).toBe(1);
    const got = collect(sockets[0] as Socket);
    sockets[0]?.end();
    exporter.consume(read(2, 1));
    await expect.poll(() => byRead(parseLines(got.text))).toEqual({ 1: 1, 2: 1 });
    expect([sockets.length, await failed()]).toEqual([1, 0]);
  });

  it('loses whole reads of a reader that stopped, and none of its own time', async () => {
    const { path, sockets } = await listen();
    const { exporter, sent, failed } = await startExporter(path);
    const perRead = 10_000;
    exporter.consume(read(1, perRead));
    await expect.poll(() => sockets.length).toBe(1);
    for (let i = 2; i <= 9; i++) exporter.consume(read(i, perRead));
    expect(await failed()).toBe(7 * perRead);
    const got = collect(sockets[0] as Socket);
    await expect.poll(sent, { timeout: 20_000 }).toBe(2 * perRead);
    await expect.poll(() => got.text.endsWith('\n') && byRead(parseLines(got.text))).toEqual({ 1: perRead, 2: perRead });
  });
});

describe('FileExporter, to /dev/stdout', () => {
  const ROOT = join(import.meta.dirname, '../../../..');
  async function run(): Promise<{ child: ChildProcess; said: Promise<string> }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'stdout_child.ts')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    // What it wrote may still be in the pipe when it has ended.
    const ended = Promise.all([once(child, 'exit'), once(child.stderr, 'end')]).then(() => said);
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, said: ended };
  }

  it('writes there', async () => {
    const { child, said } = await run();
    const got = collect(child.stdout as unknown as Socket);
    const closed = once(child, 'close');
    expect(await said).toContain('sent 9000, failed 0');
    await closed;
    expect(byRead(parseLines(got.text))).toEqual({ 1: 3_000, 2: 3_000, 3: 3_000 });
  });

  it('outlives a reader that went away, and counts', async () => {
    const { child, said } = await run();
    child.stdout?.destroy();
    expect(await said).toContain('sent 0, failed 9000');
  });

  it('never waits for one that does not read', async () => {
    const { said } = await run();
    expect(await said).toMatch(/whole reads are lost.*sent \d+, failed 8\d{3}/s);
  });
});
