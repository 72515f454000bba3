import { z } from 'zod';

function isExpression(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

const condition = z.strictObject({
  key: z.string().min(1).describe('Name of an attribute, such as reason or network.interface.name.'),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .describe('It has one of these values.'),
});

const match = z
  .strictObject({
    match_type: z.enum(['strict', 'regexp']).describe('Whether values are exact, or expressions for the whole value.'),
    attributes: z.array(condition).min(1).describe('A row matches where all of these do.'),
  })
  .superRefine(({ match_type, attributes }, context) => {
    if (match_type !== 'regexp') return;
    for (const [i, { values }] of attributes.entries()) {
      for (const [j, value] of values.entries()) {
        if (isExpression(String(value))) continue;
        const path = ['attributes', i, 'values', j];
        context.addIssue({ code: 'custom', path, message: `must be a regular expression, got "${value}"` });
      }
    }
  });

export const configSchema = z
  .strictObject({
    include: match.optional().describe('Keep these rows alone.'),
    exclude: match.optional().describe('Drop these rows, also where include keeps them.'),
  })
  .refine(({ include, exclude }) => include !== undefined || exclude !== undefined, 'needs include, exclude, or both');

export type Match = z.output<typeof match>;
export type FilterConfig = z.output<typeof configSchema>;
