import type { AttributeSet, AttributeValue } from '../../pdata/attributes.ts';
import { BARE_POD, WORKLOADS } from '../../pdata/workloads.ts';
import { ANNOTATIONS, ATTRIBUTES, type Label, type PodDropsConfig } from './config.ts';

/** The meaning of a flow's side here, from the attributes it was given. */
export interface Side {
  /** Small, and the same for one set of attributes for as long as these are known. */
  readonly id: number;
  /** Whether it is a pod, be its drops counted or not. */
  readonly pod: boolean;
  /** A pod whose drops are counted. */
  readonly observed: boolean;
  /** `k8s.pod.uid`; undefined if it isn't a pod, or the uid is unknown. */
  readonly uid: string | undefined;
  readonly attributes: AttributeSet;
}

const OBSERVE = 'observe';

/** A pod has a namespace and a name. For other ends, `world` and `unknown` are used. */
function isPod(attributes: AttributeSet): boolean {
  const namespace = attributes.get('k8s.namespace.name');
  const name = attributes.get('k8s.pod.name');
  if (namespace === undefined || name === undefined) return false;
  return !(namespace === name && (name === 'world' || name === 'unknown'));
}

type Choice = Pick<PodDropsConfig, 'namespaces' | 'observe'>;

export function makeSide(id: number, attributes: AttributeSet, choice: Choice): Side {
  const pod = isPod(attributes);
  const uid = attributes.get('k8s.pod.uid');
  return {
    id,
    pod,
    observed: pod && isChosen(attributes, choice),
    uid: pod && uid !== undefined ? String(uid) : undefined,
    attributes,
  };
}

function isChosen(attributes: AttributeSet, { namespaces: { include, exclude }, observe }: Choice): boolean {
  const namespace = String(attributes.get('k8s.namespace.name'));
  if (include !== undefined && !include.includes(namespace)) return false;
  if (exclude?.includes(namespace)) return false;
  if (observe === 'all') return true;
  return ANNOTATIONS.some((annotation) => attributes.get(annotation) === OBSERVE);
}

/** Puts what `labels` ask for into `into`, under names that begin with `prefix`. */
export function publish(
  { attributes, pod }: Side,
  labels: readonly Label[],
  prefix: '' | 'source.' | 'destination.',
  into: Record<string, AttributeValue>,
): void {
  for (const label of labels) {
    const name = ATTRIBUTES[label];
    const value = name === undefined ? undefined : attributes.get(name);
    if (name !== undefined && value !== undefined) into[`${prefix}${name}`] = value;
    if (label !== 'workload') continue;
    const workload = Object.keys(WORKLOADS).find((each) => attributes.get(each) !== undefined);
    if (workload !== undefined) into[`${prefix}${workload}`] = attributes.get(workload) as AttributeValue;
    else if (pod) {
      // A bare pod is its own workload.
      into[`${prefix}k8s.pod.name`] = attributes.get('k8s.pod.name') as AttributeValue;
      into[`${prefix}${BARE_POD}`] = 'Pod';
    }
  }
}
