import type { z } from 'zod';
import { type Checked, type Complaint, check, type Hints } from './issues.ts';
import { type ConfigNode, nodeAt, type Path, plain } from './tree.ts';
import { NOT_TEXT } from './words.ts';

interface CheckOptions {
  readonly hints: Hints;
  /** Paths below `base` that are left out. */
  readonly without: readonly (readonly string[])[];
}

/**
 * Chooses between the two readings of a value, text and YAML. As in the Collector, the schema decides: an expansion is text if text is
 * valid (`password: ${env:PIN}` is "0123", not 123), else YAML. A number written in the file is a number, and text only if a number is
 * not valid (`service.version: 1.10`).
 */
export class Readings {
  /** Paths of expansions that are read as YAML, and of numbers that are read as text. */
  readonly #other = new Set<string>();

  /** The chosen reading of a node; undefined for a mapping or a list that isn't text. */
  of(node: ConfigNode, path: Path): string | number | boolean | null | undefined {
    const isText = (node.text !== undefined && node.expansion !== undefined) !== this.#other.has(keyOf(path));
    if (isText && node.text !== undefined) return node.text;
    return node.kind === 'scalar' ? node.value : undefined;
  }

  /** Checks the value at `base` in `root` and chooses the readings. No value (`percpu_sum:`) is an empty mapping. */
  check<T>(schema: z.ZodType<T>, root: ConfigNode, base: Path, { hints, without }: CheckOptions): Checked<T> {
    // All its parents are mappings, also if they come from an expansion.
    for (let length = 0; length < base.length; length++) this.#other.add(keyOf(base.slice(0, length)));
    const node = nodeAt(root, base);
    const checked = () => {
      const value = (node && plain(node, (each, path) => this.of(each, path), base)) ?? {};
      for (const key of without) remove(value, key);
      return check(schema, value, base, hints);
    };
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

  /** Undefined if the first reading is right. */
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

/** If neither reading is valid: the complaint about the YAML reading, unless the key expects text. */
function better(complaint: Complaint, refusals: ReadonlyMap<string, Complaint>): Complaint {
  const ofText = refusals.get(keyOf(complaint.path));
  return complaint.message.startsWith(NOT_TEXT) && ofText !== undefined ? ofText : complaint;
}

/** Removes the value at `path` of a fresh copy, if it is there. */
function remove(value: unknown, [key = '', ...rest]: readonly string[]): void {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return;
  const mapping = value as Record<string, unknown>;
  if (rest.length === 0) delete mapping[key];
  else remove(mapping[key], rest);
}

function keyOf(path: Path): string {
  return path.join('\0');
}
