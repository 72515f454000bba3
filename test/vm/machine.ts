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
 * `panic` and `oops` end the guest at the first fault of its kernel, which fails the run. The watchdog and the stall
 * detector take an emulated CPU that waits for a real one for a hung one. `norandmaps`: code that was translated for one process
 * serves the next one only at the same address, and starting programs takes a third of the time so; `init_on_alloc=0` saves more.
 */
const KERNEL_ARGUMENTS =
  'console=ttyS0 quiet panic=-1 oops=panic mitigations=off nowatchdog rcupdate.rcu_cpu_stall_suppress=1 random.trust_cpu=on ' +
  'norandmaps init_on_alloc=0';

export interface Machine {
  readonly image: KernelImage;
  /** A shell script, run by root in the guest, in the host's root. */
  readonly command: string;
  readonly cpus: number;
  /** Arguments of the kernel, after ours; empty for none. */
  readonly kernelArguments: string;
  readonly memoryMebibytes: number;
  /** The most that boot and command may take together. */
  readonly limitMillis: number;
  /** Called with each line of the command's output as it comes. */
  readonly onLine: (line: string) => void;
}

/** How a guest ended. `finished` says nothing of the command's own status; everything else is a failure of the guest. */
export interface Outcome {
  readonly status: 'finished' | 'died' | 'timed out';
  /** Exit status of the command where the guest finished. */
  readonly code: number | undefined;
  /** Seconds of the guest's clock from its boot to the command, and of the command itself. */
  readonly bootSeconds: number;
  readonly commandSeconds: number;
  /** What the command wrote on its standard error. */
  readonly stderr: string;
  /** The lines of the console that tell most: from the kernel's first complaint on, else the last ones. */
  readonly console: string;
}

/** Boots a kernel under emulation with this machine's root inside, runs the command and waits until the guest is gone. */
export async function runMachine(machine: Machine): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'dropreason-vm-'));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  // For an interrupted run, which ends in the middle of the wait.
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
  // The guest dies with us, whatever we die of.
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
  // Emulated even where /dev/kvm exists: nested, it is often there and hangs. One CPU more is possible than there is, as on
  // many a real machine: maps are laid out by possible CPUs.
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
