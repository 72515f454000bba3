import { z } from 'zod';
import { duration } from '../../component/schema.ts';
import { LIMITS } from '../../kubernetes/limits.ts';

/** Attributes for an end of a flow, by the names of OpenTelemetry's conventions. */
export const METADATA = [
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.pod.ip',
  'k8s.node.name',
  'k8s.deployment.name',
  'k8s.replicaset.name',
  'k8s.statefulset.name',
  'k8s.daemonset.name',
  'k8s.job.name',
  'k8s.cronjob.name',
  'k8s.service.name',
  'cloud.availability_zone',
] as const;

const NO_OTHER_AUTH =
  'must be "serviceAccount" or "kubeConfig": the API server requires authentication (a kubeconfig may contain a client certificate, for tls)';

const labelFilter = z
  .strictObject({
    key: z.string().min(1).describe('Key of a label.'),
    value: z.string().optional().describe('Its value, for equals and not-equals.'),
    op: z.enum(['equals', 'not-equals', 'exists', 'does-not-exist']).default('equals').describe('How to compare the label.'),
  })
  .superRefine(({ value, op }, context) => {
    const needsValue = op === 'equals' || op === 'not-equals';
    if (needsValue && value === undefined) {
      context.addIssue({ code: 'custom', path: ['value'], message: `is required for op "${op}"` });
    } else if (!needsValue && value !== undefined) {
      context.addIssue({ code: 'custom', path: ['value'], message: `means nothing for op "${op}"; remove it` });
    }
  });

const labelExtraction = z.strictObject({
  key: z.string().min(1).describe('Key of the label.'),
  tag_name: z.string().min(1).optional().describe('Name of the attribute. Default: k8s.<from>.labels.<key>.'),
  from: z.enum(['pod', 'namespace', 'node']).default('pod').describe('The object with the label.'),
});

export const configSchema = z.strictObject({
  auth_type: z
    .enum(['serviceAccount', 'kubeConfig'], { error: NO_OTHER_AUTH })
    .default('serviceAccount')
    .describe("Credentials for the API server: the pod's service account, or KUBECONFIG (or ~/.kube/config)."),
  filter: z
    .strictObject({
      node: z.string().min(1).optional().describe('Watch only the pods of this node.'),
      node_from_env_var: z
        .string()
        .min(1)
        .optional()
        .describe('Watch only the pods of the node named in this environment variable.'),
      namespace: z
        .string()
        .min(1)
        .optional()
        .describe('Watch pods, services and their owners only in this namespace. A Role is sufficient for that.'),
      labels: z.array(labelFilter).default([]).describe('Watch only pods that match all of these labels.'),
    })
    .refine(({ node, node_from_env_var }) => node === undefined || node_from_env_var === undefined, {
      message: 'set node or node_from_env_var, not both',
    })
    .prefault({})
    .describe('Which pods to watch. The address of any other pod gets the attributes of its node or service, if known.'),
  extract: z
    .strictObject({
      metadata: z
        .array(z.enum(METADATA))
        .default([...METADATA])
        .describe(
          'Attributes of each end. The names of namespace and pod are always included. Resources that are not needed are not watched.',
        ),
      labels: z.array(labelExtraction).default([]).describe('Labels to add as attributes.'),
    })
    .prefault({})
    .describe('Attributes of the ends of a flow.'),
  wait_for_metadata: z.boolean().default(false).describe('Wait for the first lists at the start.'),
  wait_for_metadata_timeout: duration({ least: '1ms', fallback: '10s' }).describe('The start fails if the lists take longer.'),
  limits: z
    .strictObject({
      max_objects: z
        .int()
        .min(1)
        .default(LIMITS.max_objects)
        .describe('The most objects to keep, over all resources; each takes about 1 kB.'),
      max_object_bytes: z
        .int()
        .min(65_536)
        .default(LIMITS.max_object_bytes)
        .describe('The most bytes of one object in a list, and of one watch event.'),
      max_page_bytes: z
        .int()
        .min(65_536)
        .default(LIMITS.max_page_bytes)
        .describe(
          'The most bytes of one page (500 objects) of a list. A page is read object by object, and never held in memory.',
        ),
    })
    .prefault({})
    .describe("Limits on data from the cluster's API. Beyond a limit, an error is logged and the last known state is kept."),
  pending_timeout: duration({ most: '60s', fallback: '5s' }).describe(
    'How long a flow waits for a pod that is not known yet. 0 publishes it at once.',
  ),
});

export type K8sAttributesConfig = z.output<typeof configSchema>;
