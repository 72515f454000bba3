import { closeSync, constants, openSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { ComponentError } from '../../component/errors.ts';
import { Channel } from './channel.ts';
import type { FileConfig } from './config.ts';
import { RotatedFile } from './rotated_file.ts';
import type { Destination } from './writer.ts';

const STDOUT = '/dev/stdout';

/**
 * Chooses how to write by the type of the file at `path`; a missing file becomes a regular one. A reader need not be connected yet.
 * @throws ComponentError if it can never be written.
 */
export async function openDestination({ path, rotation }: FileConfig): Promise<Destination> {
  if (path === STDOUT) return new Channel(() => Promise.resolve(process.stdout), 'shared');
  try {
    const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there === undefined || there.isFile()) {
      // Backups are created in the same directory later. Report a missing permission now.
      await access(dirname(path), constants.W_OK);
      return await RotatedFile.open(path, rotation);
    }
    if (there.isDirectory()) throw new ComponentError(`path: ${path} is a directory; name a file in it`);
    if (there.isBlockDevice()) throw new ComponentError(`path: ${path} is a block device, which can't take lines`);
    await access(path, constants.W_OK);
    if (there.isFIFO()) return new Channel(() => openFifo(path));
    if (there.isSocket()) return new Channel(() => connectSocket(path));
    return await RotatedFile.open(path, { ...rotation, max_megabytes: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (error instanceof ComponentError) throw error;
    throw new ComponentError(`path: can't write to ${path}: ${explain(error as NodeJS.ErrnoException, path)}`);
  }
}

function explain({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'ENOENT') return `the directory ${dirname(path)} isn't there; make it before the start`;
  if (code === 'ENOTDIR') return `${dirname(path)} is no directory`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `no permission (${code}); the agent's user must be allowed to write to it, and for backups to its directory`;
  }
  return message;
}

/** Rejects with ENXIO if it has no reader. Neither the open nor a write ever blocks. */
async function openFifo(path: string): Promise<Writable> {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    return new Socket({ fd: descriptor, readable: false, writable: true });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Peers may close their sending side and continue to read. What they send is ignored. */
function connectSocket(path: string): Promise<Writable> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true }, () => {
      socket.off('error', reject);
      resolve(socket.resume());
    });
    socket.once('error', reject);
  });
}
