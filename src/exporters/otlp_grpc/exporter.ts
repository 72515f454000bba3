import type { Settings } from '../../component/factory.ts';
import { VERSION } from '../../component/version.ts';
import { GrpcCarrier } from '../../otlp/grpc/carrier.ts';
import { PushExporter } from '../../otlp/push_exporter.ts';
import type { OtlpGrpcConfig } from './config.ts';

/** Pushes over OTLP/gRPC. */
export class OtlpGrpcExporter extends PushExporter {
  constructor(settings: Settings, config: OtlpGrpcConfig) {
    super(settings, { ...config, address: config.endpoint.address }, (host) => {
      const login = config.auth === undefined ? undefined : host.authenticator(config.auth.authenticator)?.client;
      return GrpcCarrier.create(config, settings.logger, VERSION, login);
    });
  }
}
