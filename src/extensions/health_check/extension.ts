import type { Extension } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Host } from '../../component/host.ts';
import { visibleLines } from '../../component/visible.ts';
import { HttpEndpoint } from '../../http/http_endpoint.ts';
import type { HttpAnswer } from '../../http/route.ts';
import { HTTP } from '../../metrics/definitions.ts';
import { counter } from '../../metrics/instruments.ts';
import type { HealthCheckConfig } from './config.ts';

const JSON_TYPE = 'application/json';

/** Smaller differences between the clocks are drift or slewing. Larger ones mean that the clock was set. */
const SET_MILLIS = 1_000;

/**
 * Responds with the JSON of the Collector's healthcheckextension (`status`, `upSince`, `uptime`). If unhealthy, `why` lists the components
 * and reasons. If processors use outside sources, such as a cluster's API, `sources` reports their state. An unreachable source doesn't
 * make the agent unhealthy, because it continues with the last known state.
 */
export class HealthCheck implements Extension {
  readonly #endpoint: HttpEndpoint;
  #host: Host | undefined;
  /** When it last became healthy, on both clocks. */
  #up: { steadyMillis: number; sinceMillis: number } | undefined;

  constructor(settings: Pick<Settings, 'id' | 'logger' | 'meter'>, config: HealthCheckConfig) {
    this.#endpoint = new HttpEndpoint({
      endpoint: config.endpoint,
      settings: config,
      logger: settings.logger,
      authenticator: (id) => this.#host?.authenticator(id),
      refused: counter(settings.meter, HTTP.refused),
      configPath: `extensions::${settings.id}::endpoint`,
      routes: { [config.path]: { answer: () => this.#answer() } },
    });
  }

  get port(): number | undefined {
    return this.#endpoint.port;
  }

  async start(host: Host): Promise<void> {
    this.#host = host;
    await this.#endpoint.start();
  }

  shutdown(deadlineMillis: number): Promise<void> {
    return this.#endpoint.stop(deadlineMillis);
  }

  #answer(): HttpAnswer {
    const ill = (this.#host?.health() ?? []).filter(({ healthy }) => !healthy);
    if (ill.length > 0) {
      this.#up = undefined;
      const why = ill.map(({ id, why: reason }) => `${id}: ${reason}`);
      // As in the Collector, which writes Go's zero time.
      const body = { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '', why, ...this.#sources() };
      return { status: 503, contentType: JSON_TYPE, body: visibleLines(JSON.stringify(body)) };
    }
    const body = { status: 'Server available', ...this.#uptime(), ...this.#sources() };
    return { status: 200, contentType: JSON_TYPE, body: visibleLines(JSON.stringify(body)) };
  }

  /** If the clock was set meanwhile, `upSince` is corrected by the same step. */
  #uptime(): { upSince: string; uptime: string } {
    const now = { steadyMillis: performance.now(), sinceMillis: Date.now() };
    this.#up ??= now;
    const uptimeMillis = Math.floor(now.steadyMillis - this.#up.steadyMillis);
    const sinceMillis = now.sinceMillis - uptimeMillis;
    if (Math.abs(sinceMillis - this.#up.sinceMillis) >= SET_MILLIS) this.#up.sinceMillis = sinceMillis;
    return { upSince: new Date(this.#up.sinceMillis).toISOString(), uptime: goDuration(uptimeMillis) };
  }

  #sources(): { sources?: readonly object[] } {
    const sources = (this.#host?.sources() ?? []).map(({ source, state, ageMillis, why }) => {
      return {
        source,
        state,
        ...(ageMillis === undefined ? {} : { age: goDuration(Math.round(ageMillis)) }),
        ...(why === '' ? {} : { why }),
      };
    });
    return sources.length === 0 ? {} : { sources };
  }
}

/** Formats like Go's time.Duration: `1h2m3.5s`, `250ms`. */
export function goDuration(millis: number): string {
  if (millis < 1000) return millis === 0 ? '0s' : `${millis}ms`;
  const hours = Math.floor(millis / 3_600_000);
  const minutes = Math.floor(millis / 60_000) % 60;
  const seconds = `${(millis % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
