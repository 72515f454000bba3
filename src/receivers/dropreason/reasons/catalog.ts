import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { REASON_CLASSES, type ReasonClass } from './reason_class.ts';

const CLASSES = Object.keys(REASON_CLASSES) as [ReasonClass, ...ReasonClass[]];
const TO_ALERT_ON: readonly ReasonClass[] = ['capacity', 'error'];

const name = z.string().regex(/^[A-Z_][A-Z0-9_]*$/);
/** A name as in /proc/kallsyms, without the compiler's suffixes. */
const kernelFunction = z.string().regex(/^[a-z_][a-z0-9_]*$/, 'is not the name of a kernel function');

const reasonSchema = z
  .strictObject({
    class: z.enum(CLASSES),
    directions: z
      .array(z.enum(['ingress', 'egress', 'forward']))
      .nonempty()
      .optional(),
    meaning: z.string().min(1),
    look_at: z.string().min(1),
  })
  .refine((reason) => reason.directions === undefined || TO_ALERT_ON.includes(reason.class), {
    path: ['directions'],
    message: 'is only for the classes capacity and error',
  });
const functionsByClass = z.partialRecord(z.enum(CLASSES), z.array(kernelFunction));

const catalogSchema = z.strictObject({
  /** By subject, then by name. */
  reasons: z.record(z.string(), z.record(name, reasonSchema)),
  functions: z.strictObject({
    reason: z.record(kernelFunction, name),
    class: functionsByClass,
    class_beside_reasons: functionsByClass,
  }),
});

/** The contents of reasons.yaml. */
export type Catalog = z.infer<typeof catalogSchema>;

/** Reads reasons.yaml from the folder of this file. If the text is invalid, throws with line and path of each mistake. */
export function readCatalog(text = readFileSync(new URL('./reasons.yaml', import.meta.url), 'utf8')): Catalog {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) throw new Error(`reasons.yaml: ${document.errors.map(({ message }) => message).join('\n')}`);
  const parsed = catalogSchema.safeParse(document.toJS());
  const mistakes: readonly Mistake[] = parsed.success ? twice(parsed.data) : parsed.error.issues;
  if (parsed.success && mistakes.length === 0) return parsed.data;
  const told = mistakes.map(({ path, message }) => {
    const node = document.getIn(path, true) ?? document.getIn(path.slice(0, -1), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? (node.range as [number] | null) : null;
    return `reasons.yaml:${range ? lines.linePos(range[0]).line : 1}: ${path.join('.')}: ${message}`;
  });
  throw new Error(told.join('\n'));
}

interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Finds names with two meanings. YAML itself rejects only duplicate keys within one mapping. */
function twice({ reasons, functions }: Catalog): Mistake[] {
  const all = [
    Object.entries(reasons).flatMap(([subject, each]) =>
      Object.keys(each).map((key) => ({ key, path: ['reasons', subject, key] })),
    ),
    ...(['class', 'class_beside_reasons'] as const).map((list) =>
      Object.entries(functions[list]).flatMap(([of, names]) =>
        names.map((key, index) => ({ key, path: ['functions', list, of, index] })),
      ),
    ),
  ];
  return all.flatMap((list) => {
    const seen = new Set<string>();
    return list.flatMap(({ key, path }) => {
      if (seen.has(key)) return [{ path, message: `${key} is listed twice` }];
      seen.add(key);
      return [];
    });
  });
}
