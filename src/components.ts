import type { Factories } from './component/factory.ts';
import { debugFactory } from './exporters/debug/factory.ts';
import { otlpGrpcFactory } from './exporters/otlp_grpc/factory.ts';
import { prometheusFactory } from './exporters/prometheus/factory.ts';
import { healthCheckFactory } from './extensions/health_check/factory.ts';
import { filterFactory } from './processors/filter/factory.ts';
import { percpuSumFactory } from './processors/percpu_sum/factory.ts';
import { dropreasonFactory } from './receivers/dropreason/factory.ts';

/** Everything a configuration can name, in the order in which a drop passes through. */
export const factories: Factories = {
  receivers: [dropreasonFactory],
  processors: [percpuSumFactory, filterFactory],
  exporters: [prometheusFactory, otlpGrpcFactory, debugFactory],
  extensions: [healthCheckFactory],
};
