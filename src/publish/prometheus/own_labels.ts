import { COUNTING } from '../../metrics/definitions.ts';
import type { Naming, SeriesNaming } from '../naming.ts';
import { labelName } from './names.ts';

/** What series of flows have besides. */
const OF_FLOWS = ['source.address', 'destination.address', 'destination.port'];

/** Labels that series have by themselves under these names, as far as that is known before there are any. */
export function ownLabels(naming: Naming): ReadonlySet<string> {
  const ofNode = [...attributesOf(naming), ...OF_FLOWS];
  const ofPods = attributesOf(naming.pods).filter((name) => !ofNode.includes(name));
  const ofSides = ofPods.flatMap((name) => [`source.${name}`, `destination.${name}`]);
  const ofCounting = [COUNTING.lost, COUNTING.hookAttached].flatMap(({ attributes }) => Object.keys(attributes));
  return new Set([...ofNode, ...ofPods, ...ofSides, ...ofCounting].map(labelName));
}

function attributesOf({ count, bytes }: SeriesNaming): string[] {
  return [...Object.keys(count.attributes), ...Object.keys(bytes.attributes)];
}
