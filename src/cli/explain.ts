import { ConfigError } from '../component/errors.ts';
import type { Explanation, Factories } from '../component/factory.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import type { Io } from './io.ts';
import { countsOf, type NodeCounts } from './node_counts.ts';

interface ExplainOptions extends LoadOptions {
  /** As given; undefined lists all reasons. */
  readonly reason: string | undefined;
  /** Whether --config was given. The default file may be missing or invalid: then there are no counts. */
  readonly configured: boolean;
}

const COLUMNS = 110;

/** `dropreason explain`: returns false if the reason is unknown. */
export async function explain({ reason, configured, ...options }: ExplainOptions, { stdout, stderr }: Io): Promise<boolean> {
  const known = await explanations(options.factories);
  if (reason === undefined) {
    stdout(list(known));
    return true;
  }
  const wanted = reason.toUpperCase();
  const found = known.find((one) => names(one).includes(wanted));
  if (found === undefined) {
    const near = nearest(reason, known.flatMap(names));
    const hint = near === undefined ? 'run dropreason explain for a list' : `did you mean ${near}?`;
    stderr(`dropreason: unknown reason "${reason}"; ${hint}\n`);
    return false;
  }
  stdout(describe(found, await nodeCounts(found.reason, options, configured)));
  return true;
}

async function explanations({ receivers }: Factories): Promise<readonly Explanation[]> {
  return (await Promise.all(receivers.map(async (factory) => (await factory.explain?.()) ?? []))).flat();
}

function names({ reason, aliases }: Explanation): readonly string[] {
  return [reason, ...aliases];
}

/** The counts of the agent with that configuration. An exporter that no pipeline uses has no endpoint. */
async function nodeCounts(reason: string, options: LoadOptions, configured: boolean): Promise<NodeCounts> {
  try {
    const { exporters, service } = loadConfig(options);
    const used = new Set([...service.pipelines.values()].flatMap((pipeline) => pipeline.exporters));
    const targets = [...exporters].flatMap(([id, { factory, config }]) => {
      const target = used.has(id) ? factory.scrapeTarget?.(config) : undefined;
      return target === undefined ? [] : [target];
    });
    return await countsOf(reason, targets);
  } catch (error) {
    if (configured || !(error instanceof ConfigError)) throw error;
    return { why: `${options.files.join(', ')} can't be used; give the agent's configuration with --config` };
  }
}

function describe(one: Explanation, counts: NodeCounts): string {
  const [kernelName] = one.aliases;
  const fields = [
    ['class', `${one.class}: ${one.classMeaning}`],
    ...(kernelName === undefined ? [] : [['kernel', kernelName]]),
    ['meaning', one.meaning],
    ['look at', one.lookAt],
    ...told(counts).map((line, index) => [index === 0 ? 'here' : '', line]),
  ];
  const width = Math.max(...fields.map(([label = '']) => label.length));
  const lines = fields.map(([label = '', text = '']) =>
    wrap(text, COLUMNS - width - 4)
      .map((line, index) => `  ${(index === 0 ? label : '').padEnd(width)}  ${line}`)
      .join('\n'),
  );
  return `${one.reason}\n${lines.join('\n')}\n`;
}

function told(counts: NodeCounts): string[] {
  if ('why' in counts) return [`no counts: ${counts.why}`];
  if (counts.counts.length === 0) return [`none counted yet, according to ${counts.url}`];
  return counts.counts.map(({ direction, drops, bytes }) => `${direction} ${drops}${bytes > 0 ? `, ${bytes} bytes` : ''}`);
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** One line per reason: name, class, and the first sentence of its meaning. */
function list(known: readonly Explanation[]): string {
  const nameWidth = Math.max(...known.map(({ reason }) => reason.length));
  const classWidth = Math.max(...known.map((one) => one.class.length));
  const lines = known.map(({ reason, class: of, meaning }) => {
    const [sentence] = meaning.split(/(?<=\.)\s/);
    return `${reason.padEnd(nameWidth)}  ${of.padEnd(classWidth)}  ${sentence}`;
  });
  return `${lines.join('\n')}\n`;
}
