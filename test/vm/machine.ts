import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { FileTail } from './file_tail.ts';
import type { KernelImage } from './kernels.ts';

const CONSOLE_LINES_SHOWN = 30;

/**
 * `panic` and `oops` end the guest at the first fault of its kernel, which fails the run. The watchdog and the stall detector are off,
 * because they mistake an emulated CPU that waits for a real one for a hung CPU. `norandmaps`: translated code can be reused by the next
 * process only at the same address; programs then start in a third of the time. `init_on_alloc=0` saves more time.
 */
const KERNEL_ARGUMENTS =
  'console=ttyS0 quiet panic=-1 oops=panic mitigations=off nowatchdog rcupdate.rcu_cpu_stall_suppress=1 random.trust_cpu=on ' +
  'norandmaps init_on_alloc=0';

export interface Machine {
  readonly image: KernelImage;
  /** A shell script that root runs in the guest, in the host's root. */
  readonly command: string;
  readonly cpus: number;
  /** Kernel arguments, appended to ours. May be empty. */
  readonly kernelArguments: string;
  readonly memoryMebibytes: number;
  /** The time limit for boot and command together. */
  readonly limitMillis: number;
  /** Called with each line of the command's output, immediately. */
  readonly onLine: (line: string) => void;
}

/** How a guest ended. With `finished` the command itself may still have failed. Any other status is a failure of the guest. */
export interface Outcome {
  readonly status: 'finished' | 'died' | 'timed out';
  /** Exit status of the command, if the guest finished. */
  readonly code: number | undefined;
  /** Seconds from boot to the command, and of the command itself, by the guest's clock. */
  readonly bootSeconds: number;
  readonly commandSeconds: number;
  /** The command's standard error. */
  readonly stderr: string;
  /** The important lines of the console: from the kernel's first error on, else the last lines. */
  readonly console: string;
}

/** Boots a kernel under emulation with this machine's root, runs the command and waits for the end of the guest. */
export async function runMachine(machine: Machine): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'dropreason-vm-'));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  // For an interrupted run, which ends during the wait.
  process.once('exit', remove);
  try {
    return await boot(machine, scratch);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

async function boot(machine: Machine, scratch: string): Promise<Outcome> {
  const initramfs = join(scratch, 'initramfs');
  await promisify(execFile)('sh', [join(import.meta.dirname, 'initramfs.sh'), machine.image.directory, initramfs]);
  const hotFiles = await promisify(execFile)('sh', [join(import.meta.dirname, 'hot_files.sh')]);
  writeFileSync(join(scratch, 'hot_files'), hotFiles.stdout);
  copyFileSync(join(import.meta.dirname, 'guest.sh'), join(scratch, 'guest.sh'));
  writeFileSync(join(scratch, 'command'), machine.command);

  const tail = new FileTail(join(scratch, 'stdout'), machine.onLine);
  // The guest dies with this process, however it ends.
  const command = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(machine, scratch, initramfs)];
  const qemu = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  qemu.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    qemu.kill('SIGKILL');
  }, machine.limitMillis);
  try {
    await once(qemu, 'close');
  } finally {
    clearTimeout(limit);
    tail.close();
  }

  const read = (name: string) => (existsSync(join(scratch, name)) ? readFileSync(join(scratch, name), 'utf8') : '');
  const code = read('status').trim();
  const ready = Number(read('ready'));
  return {
    status: timedOut ? 'timed out' : code === '' ? 'died' : 'finished',
    code: code === '' ? undefined : Number(code),
    bootSeconds: ready,
    commandSeconds: Math.max(0, Number(read('done')) - ready),
    stderr: read('stderr'),
    console: tellingLines(`${read('console')}\n${complaint}`),
  };
}

function qemuArguments(machine: Machine, scratch: string, initramfs: string): string[] {
  const share = (tag: string, path: string, readonly: boolean) =>
    `local,path=${path.replaceAll(',', ',,')},mount_tag=${tag},security_model=none,multidevs=remap${readonly ? ',readonly=on' : ''}`;
  // Emulated even if /dev/kvm exists: in nested virtualization it often exists but hangs. There is one more possible CPU than CPUs, as on
  // many real machines, because the layout of maps depends on possible CPUs.
  const options = {
    accel: 'tcg,thread=multi',
    cpu: 'max',
    smp: `cpus=${machine.cpus},maxcpus=${machine.cpus + 1}`,
    m: `${machine.memoryMebibytes}`,
    display: 'none',
    serial: `file:${join(scratch, 'console')}`,
    kernel: machine.image.vmlinuz,
    initrd: initramfs,
    append: `${KERNEL_ARGUMENTS} ${machine.kernelArguments}`.trimEnd(),
  };
  const shares = [
    share('host', '/', true),
    share('modules', join(machine.image.directory, 'lib', 'modules'), true),
    share('scratch', scratch, false),
  ];
  return [
    ...['-nodefaults', '-no-reboot'],
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
    ...shares.flatMap((value) => ['-virtfs', value]),
  ];
}

function tellingLines(text: string): string {
  const lines = stripVTControlCharacters(text)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const fault = lines.findIndex((line) => /Kernel panic|Oops|BUG:|double fault/.test(line));
  const from = fault >= 0 ? Math.max(0, fault - 2) : Math.max(0, lines.length - CONSOLE_LINES_SHOWN);
  return lines.slice(from, from + CONSOLE_LINES_SHOWN).join('\n');
}
