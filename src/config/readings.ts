import type { z } from 'zod';
import { type Checked, type Complaint, check, type Hints } from './issues.ts';
import { type ConfigNode, nodeAt, type Path, plain } from './tree.ts';
import { NOT_TEXT } from './words.ts';

/**
 * Which face of a value is meant where it has two: its text or its YAML reading. As in the Collector, the schema decides: an
 * expansion is its text where text fits (`password: ${env:PIN}` is "0123", not 123), else what YAML makes of it. A number
 * that is written in the file is a number, and its text only where that fits as well (`service.version: 1.10`).
 */
export class Readings {
  /** Paths of expansions that are read as YAML, and of numbers that are taken as text. */
  readonly #other = new Set<string>();

  /** The face of a node that has been chosen; undefined for a mapping or a list that isn't text. */
  of(node: ConfigNode, path: Path): string | number | boolean | null | undefined {
    const isText = (node.text !== undefined && node.expansion !== undefined) !== this.#other.has(keyOf(path));
    if (isText && node.text !== undefined) return node.text;
    return node.kind === 'scalar' ? node.value : undefined;
  }

  /** Checks what is at `base` in `root`, and chooses. Nothing (`percpu_sum:`) is an empty mapping. */
  check<T>(schema: z.ZodType<T>, root: ConfigNode, base: Path, hints: Hints): Checked<T> {
    // What holds it is a mapping, wherever it comes from.
    for (let length = 0; length < base.length; length++) this.#other.add(keyOf(base.slice(0, length)));
    const node = nodeAt(root, base);
    const checked = () => check(schema, (node && plain(node, (each, path) => this.of(each, path), base)) ?? {}, base, hints);
    const result = this.#settleExpansions(checked, root);
    if ('complaints' in result || node === undefined) return result;
    return this.#settleNumbers(checked, node, base) ?? result;
  }

  #settleExpansions<T>(checked: () => Checked<T>, root: ConfigNode): Checked<T> {
    const refusals = new Map<string, Complaint>();
    for (let result = checked(); ; result = checked()) {
      if ('data' in result) return result;
      const refused = result.complaints.filter(({ path }) => {
        const node = nodeAt(root, path);
        return node?.expansion !== undefined && node.text !== undefined && !this.#other.has(keyOf(path));
      });
      if (refused.length === 0) return { complaints: result.complaints.map((each) => better(each, refusals)) };
      for (const complaint of refused) {
        refusals.set(keyOf(complaint.path), complaint);
        this.#other.add(keyOf(complaint.path));
      }
    }
  }

  /** Undefined where the first reading is the right one. */
  #settleNumbers<T>(checked: () => Checked<T>, node: ConfigNode, base: Path): Checked<T> | undefined {
    const numbers: string[] = [];
    plain(
      node,
      (each, path) => {
        if (each.text !== undefined && each.expansion === undefined) numbers.push(keyOf(path));
        return this.of(each, path);
      },
      base,
    );
    if (numbers.length === 0) return undefined;
    for (const key of numbers) this.#other.add(key);
    const asText = checked();
    const refused = 'complaints' in asText ? asText.complaints.map(({ path }) => keyOf(path)) : [];
    for (const key of refused) this.#other.delete(key);
    const settled = refused.length === 0 ? asText : checked();
    if ('data' in settled) return settled;
    for (const key of numbers) this.#other.delete(key);
    return undefined;
  }
}

/** Where neither face fits: what is wrong with the YAML reading, unless text was wanted all the time. */
function better(complaint: Complaint, refusals: ReadonlyMap<string, Complaint>): Complaint {
  const ofText = refusals.get(keyOf(complaint.path));
  return complaint.message.startsWith(NOT_TEXT) && ofText !== undefined ? ofText : complaint;
}

function keyOf(path: Path): string {
  return path.join('\0');
}
