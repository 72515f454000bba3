import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface OpenFile {
  readonly path: string;
  /** From /proc/PID/fdinfo, by name. */
  readonly info: Readonly<Record<string, string>>;
}

/** The open files of a process. */
function openFiles(pid: number): OpenFile[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    const lines = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').matchAll(/^(\w+):\s*(\S+)/gm);
    const info = Object.fromEntries([...lines].map(([, name, value]) => [name as string, value as string]));
    return { path: readlinkSync(`/proc/${pid}/fd/${fd}`), info };
  });
}

/** The access mode is the lowest two bits of octal flags; 0 is read-only. */
function isReadOnly({ info }: OpenFile): boolean {
  return (Number.parseInt(info.flags ?? '', 8) & 3) === 0;
}

/** The ids of the BPF maps that a process may write to, and of all its maps. */
export function mapsOf(pid: number): { readonly all: number[]; readonly writable: number[] } {
  const maps = openFiles(pid).filter(({ path }) => path === 'anon_inode:bpf-map');
  const ids = (files: readonly OpenFile[]) => [...new Set(files.map(({ info }) => Number(info.map_id)))];
  return { all: ids(maps), writable: ids(maps.filter((file) => !isReadOnly(file) && file.info.frozen !== '1')) };
}

export function hasOpen(pid: number, path: string): boolean {
  return openFiles(pid).some((file) => file.path === path);
}
