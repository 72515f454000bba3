import { LineCounter } from 'yaml';
import type { ConfigProblem } from '../component/errors.ts';
import { readText } from './read_text.ts';
import { readYaml } from './read_yaml.ts';
import { readSetFlag } from './set_flag.ts';
import { type ConfigNode, merge } from './tree.ts';

/** The files and then the `--set` flags, merged in order. Undefined if nothing could be read. */
export function readSources(
  files: readonly string[],
  sets: readonly string[],
  problems: ConfigProblem[],
): ConfigNode | undefined {
  const trees: ConfigNode[] = [];
  for (const file of files) {
    const tree = readFile(file, problems);
    // An empty file doesn't replace the one before it.
    if (tree !== undefined && !(tree.kind === 'scalar' && tree.value === null && files.length > 1)) trees.push(tree);
  }
  for (const flag of sets) {
    const tree = readSetFlag(flag, problems);
    if (tree !== undefined) trees.push(tree);
  }
  const [first, ...rest] = trees;
  return first && rest.reduce(merge, first);
}

function readFile(given: string, problems: ConfigProblem[]): ConfigNode | undefined {
  const file = given.replace(/^file:/, '');
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    problems.push({ path: '', message: `"${file}" can't be read: ${(error as Error).message}`, source: undefined });
    return undefined;
  }
  const newlines = lines(text);
  const tree = readYaml(text, (offset) => `${file}:${newlines(offset)}`, problems);
  if (tree.kind === 'map' || (tree.kind === 'scalar' && tree.value === null)) return tree;
  problems.push({ path: '', message: 'must be a mapping with the keys receivers, exporters and service', source: tree.source });
  return undefined;
}

/** Returns a function from an offset to `line:column`, both starting at 1. */
function lines(text: string): (offset: number) => string {
  const counter = new LineCounter();
  counter.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1);
  return (offset) => {
    const { line, col } = counter.linePos(offset);
    return `${line}:${col}`;
  };
}
