import type { Factories } from './component/factory.ts';
import { debugFactory } from './exporters/debug/factory.ts';
import { fileFactory } from './exporters/file/factory.ts';
import { otlpGrpcFactory } from './exporters/otlp_grpc/factory.ts';
import { otlpHttpFactory } from './exporters/otlp_http/factory.ts';
import { prometheusFactory } from './exporters/prometheus/factory.ts';
import { basicAuthFactory } from './extensions/basicauth/factory.ts';
import { bearerTokenAuthFactory } from './extensions/bearertokenauth/factory.ts';
import { healthCheckFactory } from './extensions/health_check/factory.ts';
import { attributesFactory } from './processors/attributes/factory.ts';
import { filterFactory } from './processors/filter/factory.ts';
import { flowAttributesFactory } from './processors/flow_attributes/factory.ts';
import { k8sAttributesFactory } from './processors/k8s_attributes/factory.ts';
import { percpuSumFactory } from './processors/percpu_sum/factory.ts';
import { podDropsFactory } from './processors/pod_drops/factory.ts';
import { resourceFactory } from './processors/resource/factory.ts';
import { dropreasonFactory } from './receivers/dropreason/factory.ts';

/** All factories, in pipeline order. */
export const factories: Factories = {
  receivers: [dropreasonFactory],
  processors: [
    percpuSumFactory,
    attributesFactory,
    resourceFactory,
    filterFactory,
    k8sAttributesFactory,
    podDropsFactory,
    flowAttributesFactory,
  ],
  exporters: [prometheusFactory, otlpGrpcFactory, otlpHttpFactory, fileFactory, debugFactory],
  extensions: [healthCheckFactory, bearerTokenAuthFactory, basicAuthFactory],
};
