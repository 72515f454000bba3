import type { Settings } from '../../component/factory.ts';
import { VERSION } from '../../component/version.ts';
import { PushExporter } from '../../otlp/push_exporter.ts';
import { HttpCarrier } from './carrier.ts';
import { type OtlpHttpConfig, targetOf } from './config.ts';

/** Pushes over OTLP/HTTP. */
export class OtlpHttpExporter extends PushExporter {
  constructor(settings: Settings, config: OtlpHttpConfig) {
    const { origin, pathname } = targetOf(config);
    super(settings, { ...config, address: `${origin}${pathname}` }, () => HttpCarrier.create(config, settings.logger, VERSION));
  }
}
