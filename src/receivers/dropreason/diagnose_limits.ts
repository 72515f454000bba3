import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from '../../component/factory.ts';
import { heldCapabilities } from './attach/capabilities.ts';
import type { DropreasonConfig } from './config.ts';

/** BPF_FS_MAGIC, include/uapi/linux/magic.h. */
const BPF_FILE_SYSTEM = 0xcafe4a11;

/** Names of our pins, as in native/src/pin.h, where the type of a pinned object is checked too. */
const OUR_PIN = /^(?:dropreason|link|program)_/;

/** Checks whether pinning is possible there, judging by the nearest existing directory. */
export function pinPath({ pin_path: path }: Pick<DropreasonConfig, 'pin_path'>): Finding {
  const subject = 'pin path';
  let nearest = path;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  if (statfsSync(nearest).type !== BPF_FILE_SYSTEM) {
    return { subject, status: 'fail', message: `${path} is not in a BPF file system: mount -t bpf bpf /sys/fs/bpf` };
  }
  try {
    accessSync(nearest, constants.W_OK);
  } catch {
    const message = `this user can't write to ${nearest}: root can prepare ${path} (mkdir and chown)`;
    return { subject, status: 'fail', message };
  }
  const foreign = existsSync(path) ? readdirSync(path).find((name) => !OUR_PIN.test(name)) : undefined;
  if (foreign !== undefined) {
    const message = `${path}/${foreign} doesn't belong to dropreason: use a separate directory for the pins, such as /sys/fs/bpf/dropreason`;
    return { subject, status: 'fail', message };
  }
  return { subject, status: 'ok', message: existsSync(path) ? `${path} exists` : `${path} can be created` };
}

/** The limit that maps and programs are charged to before Linux 5.11. No finding from then on. */
export function memlock(release: string, limits = readFileSync('/proc/self/limits', 'utf8')): Finding[] {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  if (major > 5 || (major === 5 && minor >= 11)) return [];
  const limit = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1] ?? 'unknown';
  const subject = 'memlock';
  if (limit === 'unlimited') return [{ subject, status: 'ok', message: 'unlimited' }];
  const raises = heldCapabilities().has('CAP_SYS_RESOURCE');
  const message = raises
    ? `${limit} bytes, and CAP_SYS_RESOURCE to raise it`
    : `${limit} bytes, without CAP_SYS_RESOURCE to raise it: this kernel charges maps and programs to it (ulimit -l unlimited)`;
  return [{ subject, status: raises ? 'ok' : 'warn', message }];
}
