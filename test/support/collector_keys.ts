import { factories } from '../../src/components.ts';
import type { Kind } from '../../src/config/kinds.ts';
import { loadConfig } from '../../src/config/load.ts';
import { files, mistakes } from '../unit/config/scratch.ts';

/** Keys below another one, with their whole path. */
export const below = (key: string, names: string) => names.split(' ').map((name) => `${key}::${name}`);

/** Of a key that is unknown, without a hint. */
export const BARE = /is not a known key(?!: )/;

/**
 * The mistakes of a component with this key, whose path has `::` between names and `[]` after one whose value is a list. Its value need not
 * be one that is accepted.
 */
export function mistakesOf(kind: Kind & ('processors' | 'exporters'), type: string, key: string, others: object = {}): string {
  const value = key.split('::').reduceRight<unknown>((inner, name) => {
    return name.endsWith('[]') ? { [name.slice(0, -2)]: [inner] } : { [name]: inner };
  }, '1s');
  const pipeline = { receivers: ['dropreason'], exporters: ['debug'], [kind]: [type] };
  const config = {
    receivers: { dropreason: { mode: 'advanced' } },
    exporters: { debug: {} },
    service: { pipelines: { metrics: pipeline } },
  };
  const component = { [type]: { ...others, ...(value as object) } };
  const text = JSON.stringify({ ...config, [kind]: { ...(kind === 'exporters' ? config.exporters : {}), ...component } });
  return mistakes(() => loadConfig({ files: files(text), env: {}, factories })).join('\n');
}
