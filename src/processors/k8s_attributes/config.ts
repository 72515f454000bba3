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
  'must be "serviceAccount" or "kubeConfig": the API server has to know who asks (a client certificate, as of tls, stands in a kubeconfig)';

const labelFilter = z
  .strictObject({
    key: z.string().min(1).describe('Key of a label.'),
    value: z.string().optional().describe('Its value, for equals and not-equals.'),
    op: z.enum(['equals', 'not-equals', 'exists', 'does-not-exist']).default('equals').describe('How a pod must stand to it.'),
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
  tag_name: z.string().min(1).optional().describe('Name of the attribute; k8s.<from>.labels.<key> where it is not given.'),
  from: z.enum(['pod', 'namespace', 'node']).default('pod').describe('Whose label it is.'),
});

export const configSchema = z.strictObject({
  auth_type: z
    .enum(['serviceAccount', 'kubeConfig'], { error: NO_OTHER_AUTH })
    .default('serviceAccount')
    .describe("Who we are to the API server: the pod's service account, or what KUBECONFIG (or ~/.kube/config) says."),
  filter: z
    .strictObject({
      node: z.string().min(1).optional().describe('Know the pods of this node alone.'),
      node_from_env_var: z
        .string()
        .min(1)
        .optional()
        .describe('Know the pods of one node alone, whose name is in this environment variable.'),
      namespace: z
        .string()
        .min(1)
        .optional()
        .describe('Ask for pods, services and their owners in this namespace alone; a Role is enough for that.'),
      labels: z.array(labelFilter).default([]).describe('Know pods alone whose labels are all like this.'),
    })
    .refine(({ node, node_from_env_var }) => node === undefined || node_from_env_var === undefined, {
      message: 'takes node or node_from_env_var, not both',
    })
    .prefault({})
    .describe('Which pods are asked for; of a pod that is not, its address tells what a node or a service does.'),
  extract: z
    .strictObject({
      metadata: z
        .array(z.enum(METADATA))
        .default([...METADATA])
        .describe('What to tell of each end; the names of namespace and pod always are. What is not asked for is not watched.'),
      labels: z.array(labelExtraction).default([]).describe('Labels to tell too.'),
    })
    .prefault({})
    .describe('What is told of the ends of a flow.'),
  wait_for_metadata: z.boolean().default(false).describe('Start only when the first lists have come.'),
  wait_for_metadata_timeout: duration({ least: '1ms', fallback: '10s' }).describe('And fail where they take longer.'),
  limits: z
    .strictObject({
      max_objects: z
        .int()
        .min(1)
        .default(LIMITS.max_objects)
        .describe('Most objects of all resources together that are kept; each takes about 1 kB.'),
      max_object_bytes: z
        .int()
        .min(65_536)
        .default(LIMITS.max_object_bytes)
        .describe('Most bytes of one object in a list, and of one event of a watch.'),
      max_page_bytes: z
        .int()
        .min(65_536)
        .default(LIMITS.max_page_bytes)
        .describe('Most bytes of one page (500 objects) of a list. A page is read object by object, and never kept whole.'),
    })
    .prefault({})
    .describe("What is read at most from the cluster's API; what goes beyond it is reported, and the last known state stands."),
  pending_timeout: duration({ most: '60s', fallback: '5s' }).describe(
    'How long a flow waits for a pod that is not known yet; 0 publishes it at once.',
  ),
});

export type K8sAttributesConfig = z.output<typeof configSchema>;
