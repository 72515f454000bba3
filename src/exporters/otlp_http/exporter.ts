import type { Settings } from '../../component/factory.ts';
import { VERSION } from '../../component/version.ts';
import { HttpCarrier } from '../../otlp/http/carrier.ts';
import { targetOf } from '../../otlp/http/client_settings.ts';
import { PushExporter } from '../../otlp/push_exporter.ts';
import type { OtlpHttpConfig } from './config.ts';

/** Pushes over OTLP/HTTP. */
export class OtlpHttpExporter extends PushExporter {
  constructor(settings: Settings, config: OtlpHttpConfig) {
    const { origin, pathname } = targetOf(config);
    super(settings, { ...config, address: `${origin}${pathname}` }, (host) => {
      const login = config.auth === undefined ? undefined : host.authenticator(config.auth.authenticator)?.client;
      return HttpCarrier.create(config, settings.logger, VERSION, login);
    });
  }
}
