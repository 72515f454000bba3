import { spawnSync } from 'node:child_process';
import { ROOT } from './probe_options.ts';

/**
 * What `body`, a module's text that may await, leaves in `result`: run by a process of its own, for what holds for a whole
 * process. It has the addon as `native` and node:fs' readdirSync, readFileSync and readlinkSync.
 */
export function inProcess<T>(body: string, command: readonly string[] = []): T {
  const script = `
    import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
    import { native } from './test/unit/native/probe_options.ts';
    let result;
    ${body}
    process.stdout.write(JSON.stringify(result));`;
  const [file = process.execPath, ...args] = [...command, process.execPath, '--input-type=module', '-e', script];
  const { status, signal, stdout, stderr } = spawnSync(file, args, { cwd: ROOT, encoding: 'utf8', timeout: 50_000 });
  if (status !== 0) throw new Error(`the process ended with ${status ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
