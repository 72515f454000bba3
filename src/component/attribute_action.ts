import { z } from 'zod';

const ACTIONS = ['insert', 'update', 'upsert', 'delete'] as const;

/** What the Collector's actions can do besides. */
const OTHERS: Readonly<Record<string, string>> = {
  hash: 'delete the attribute',
  extract: 'do it in the collector that receives the drops',
  convert: 'write value as text or as a number',
};

const action = z
  .enum(ACTIONS, {
    error: ({ input }) => {
      const known = typeof input === 'string' && Object.hasOwn(OTHERS, input);
      return known ? `must be insert, update, upsert or delete; ${input} is not supported: ${OTHERS[input]}` : undefined;
    },
  })
  .describe('insert: where there is none; update: where there is one; upsert: both; delete: removes it.');

/** An action on attributes, as the Collector's processors `resource` and `attributes` know it. */
export const attributeAction = z
  .strictObject({
    key: z.string().min(1).describe('Name of the attribute.'),
    action,
    value: z.union([z.string(), z.number(), z.boolean()]).optional().describe('The value to set.'),
    from_attribute: z
      .string()
      .min(1)
      .optional()
      .describe('The attribute whose value to set. Nothing is done where there is none.'),
  })
  .superRefine(({ action: what, value, from_attribute }, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (what === 'delete') {
      if (value !== undefined) complain('value', 'means nothing for delete; remove it');
      if (from_attribute !== undefined) complain('from_attribute', 'means nothing for delete; remove it');
    } else if (value === undefined && from_attribute === undefined) {
      complain('action', `${what} needs value or from_attribute`);
    } else if (value !== undefined && from_attribute !== undefined) {
      complain('from_attribute', 'give value or from_attribute, not both');
    }
  });

export type AttributeAction = z.output<typeof attributeAction>;

/** What a configuration can set. */
type Constant = NonNullable<AttributeAction['value']>;

/** Keys of the Collector's actions that these don't have, below `list`. For the `hints` of a factory. */
export function actionHints(list: string): Readonly<Record<string, string>> {
  return {
    [`${list}::from_context`]: 'drops come from the kernel and not with a request; use value',
    [`${list}::pattern`]: 'name each attribute with an action of its own',
    [`${list}::converted_type`]: 'write value as text or as a number',
    [`${list}::default_value`]: 'insert this value with another action after it',
  };
}

/** The attributes after these actions, one after the other; the same object if they change nothing. */
export function applyActions<Value>(
  attributes: Readonly<Record<string, Value>>,
  actions: readonly AttributeAction[],
): Readonly<Record<string, Value | Constant>> {
  const changed = new Map<string, Value | Constant>(Object.entries(attributes));
  let isChanged = false;
  for (const { key, action: what, value, from_attribute } of actions) {
    if (what === 'delete') {
      isChanged = changed.delete(key) || isChanged;
      continue;
    }
    const given = from_attribute === undefined ? value : changed.get(from_attribute);
    const isThere = changed.has(key);
    if (given === undefined || (what === 'insert' && isThere) || (what === 'update' && !isThere)) continue;
    isChanged = true;
    changed.set(key, given);
  }
  return isChanged ? Object.fromEntries(changed) : attributes;
}

/** The attributes that nothing has after these actions, or that not everything has again. */
export function deletedBy(actions: readonly AttributeAction[]): string[] {
  const deleted = new Set<string>();
  for (const { key, action: what, value } of actions) {
    if (what === 'delete') deleted.add(key);
    else if (what !== 'update' && value !== undefined) deleted.delete(key);
  }
  return [...deleted];
}
