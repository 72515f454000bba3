/*
 * The fields that are read of the API's objects, as in its JSON. Every field may be missing: an API server omits empty ones.
 */

/** Metadata that every object has. */
export interface ApiMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly ApiOwner[];
}

export interface ApiOwner {
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

export interface ApiObject {
  readonly metadata?: ApiMetadata;
}

export interface ApiPod extends ApiObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly ApiContainer[];
    readonly initContainers?: readonly ApiContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
    readonly startTime?: string;
  };
}

export interface ApiContainer {
  /** `Always` makes a sidecar of an init container. */
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly hostPort?: number; readonly protocol?: string; readonly hostIP?: string }[];
}

export interface ApiNode extends ApiObject {
  readonly spec?: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly addresses?: readonly { readonly type?: string; readonly address?: string }[] };
}

export interface ApiService extends ApiObject {
  readonly spec?: { readonly clusterIP?: string; readonly clusterIPs?: readonly string[] };
}

export interface ApiEndpointSlice extends ApiObject {
  readonly addressType?: string;
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
}
