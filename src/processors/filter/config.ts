import { z } from 'zod';
import { checkExpression } from './expression.ts';

/** Instructions of all expressions together: compiling them takes a second at most, and judging a row 30 ms. */
const MOST_INSTRUCTIONS = 100_000;

const condition = z.strictObject({
  key: z.string().min(1).describe('Name of an attribute, such as reason or network.interface.name.'),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .describe('It has one of these values.'),
});

const match = z
  .strictObject({
    match_type: z.enum(['strict', 'regexp']).describe('Whether values are exact, or expressions (RE2) for the whole value.'),
    attributes: z.array(condition).min(1).describe('A row matches where all of these do.'),
  })
  .superRefine(({ match_type, attributes }, context) => {
    if (match_type !== 'regexp') return;
    let instructions = 0;
    for (const [i, { values }] of attributes.entries()) {
      for (const [j, value] of values.entries()) {
        const complain = (message: string) => context.addIssue({ code: 'custom', path: ['attributes', i, 'values', j], message });
        const checked = checkExpression(String(value));
        if ('mistake' in checked) {
          complain(`must be a regular expression in RE2's syntax: ${checked.mistake}, got ${JSON.stringify(value)}`);
        } else instructions += checked.size;
        if (instructions <= MOST_INSTRUCTIONS) continue;
        complain(`is too large: at most ${MOST_INSTRUCTIONS} instructions in all expressions together, repetitions written out`);
        return;
      }
    }
  });

export const configSchema = z
  .strictObject({
    include: match.optional().describe('Keep only these rows.'),
    exclude: match.optional().describe('Drop these rows, even if include matches them.'),
  })
  .refine(({ include, exclude }) => include !== undefined || exclude !== undefined, 'needs include, exclude, or both');

export type Match = z.output<typeof match>;
export type FilterConfig = z.output<typeof configSchema>;
