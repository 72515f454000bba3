import { ComponentError } from '../../component/errors.ts';
import type { K8sAttributesConfig } from './config.ts';

/**
 * The node whose pods are watched; undefined for all nodes.
 *
 * @throws ComponentError if the environment variable with its name is empty.
 */
export function nodeName(
  { node, node_from_env_var: variable }: K8sAttributesConfig['filter'],
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (variable === undefined) return node;
  const name = env[variable] ?? '';
  if (name !== '') return name;
  throw new ComponentError(
    `filter::node_from_env_var: the environment variable ${variable} is ${env[variable] === undefined ? 'not set' : 'empty'}; ` +
      `let the pod's manifest set it:\n  env:\n    - name: ${variable}\n      valueFrom:\n        fieldRef:\n          fieldPath: spec.nodeName`,
  );
}
