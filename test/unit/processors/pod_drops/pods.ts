import type { DropBatch } from '../../../../src/pdata/batch.ts';
import type { FlowEnd } from '../../../../src/pdata/flow.ts';
import { configSchema } from '../../../../src/processors/pod_drops/config.ts';
import { PodDrops } from '../../../../src/processors/pod_drops/processor.ts';
import { end } from '../../../support/flows.ts';
import { Sink } from '../../../support/rows.ts';
import { makeSettings } from '../../../support/settings.ts';

const known = new Map<string, FlowEnd>();

/** The end of a flow that is a pod, as k8s_attributes tells it: the same attributes are the same object. */
export function pod(name: string, more: Record<string, string> = {}): FlowEnd {
  const key = JSON.stringify([name, more]);
  const made = known.get(key) ?? newPod(name, more);
  known.set(key, made);
  return made;
}

/** The same, of a pod that is told of once. */
export function newPod(name: string, more: Record<string, string> = {}): FlowEnd {
  return end('10.0.0.1', { 'k8s.namespace.name': 'shop', 'k8s.pod.name': name, 'k8s.pod.uid': `uid-${name}`, ...more });
}

export const WORLD = end('192.0.2.1', { 'k8s.namespace.name': 'world', 'k8s.pod.name': 'world' });
export const UNKNOWN = end('', { 'k8s.namespace.name': 'unknown', 'k8s.pod.name': 'unknown' });
export const NODE = end('192.0.2.2', { 'k8s.node.name': 'node-1' });

/** A processor with its sink; `again` makes the one that a reload does. */
export function podDrops(config: unknown, settings = makeSettings('pod_drops'), sink = new Sink()) {
  const processor = new PodDrops(settings, configSchema.parse(config), sink);
  const consume = (batch: DropBatch) => {
    processor.consume(batch);
    return sink.batches.splice(0).at(-1) as DropBatch;
  };
  /** What the batch made of pods: attributes with drops and bytes, and what ended. */
  const pods = (batch: DropBatch) => {
    const { rows = [], ended = [] } = consume(batch).pods ?? {};
    return {
      rows: rows.map(({ attributes, drops, bytes }) => ({ ...attributes.values, drops, bytes })),
      ended: ended.map(({ values }) => values),
    };
  };
  return { consume, pods, again: (changed: unknown) => podDrops(changed, settings, sink) };
}
