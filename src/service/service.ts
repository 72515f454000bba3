import type { Logger } from 'pino';
import type { Settings } from '../component/factory.ts';
import type { Config } from '../config/config.ts';
import { exposedEndpoints } from '../config/exposed.ts';
import { Graph } from './graph.ts';
import { Keepsakes } from './keepsakes.ts';
import { Interrupted } from './started.ts';
import { CountingMetrics } from './telemetry/counting_metrics.ts';
import type { InstanceResource } from './telemetry/instance_resource.ts';
import { registerLogMetrics } from './telemetry/log_metrics.ts';
import { bridgeDiagnostics, componentLogger, type Log, openLog } from './telemetry/logger.ts';
import { OwnTelemetry } from './telemetry/own_telemetry.ts';
import { buildResource } from './telemetry/resource.ts';

/** The agent ends within 5 s after a SIGTERM, whatever a peer does. The rest is for the end of the process. */
const SHUTDOWN_MILLIS = 3_500;

/**
 * Runs one configuration after another. Telemetry, resource and log are those of the first one: changes of `service::telemetry` take effect
 * after a restart, and a reload logs that.
 */
export class Service {
  readonly #log: Log;
  readonly #load: () => Config;
  readonly #keepsakes = new Keepsakes();
  readonly #resource: InstanceResource;
  readonly #ownTelemetry: OwnTelemetry;
  readonly #counting: CountingMetrics;
  #config: Config;
  #graph: Graph | undefined;
  /** The graph that was started last; its authenticators check the clients of own telemetry. */
  #serving: Graph | undefined;
  /** What was logged of endpoints that other hosts can reach. */
  #exposed: string | undefined;
  /** The graph that is being started. */
  #starting: Graph | undefined;
  #isEnding = false;

  /** `load` reads the configuration again; it throws a ConfigError. */
  constructor(load: () => Config) {
    this.#load = load;
    this.#config = load();
    const { telemetry } = this.#config.service;
    this.#log = openLog(telemetry.logs);
    bridgeDiagnostics(this.logger);
    this.#resource = buildResource(telemetry.resource, this.logger);
    this.#ownTelemetry = new OwnTelemetry({
      config: telemetry.metrics,
      resource: this.#resource,
      logger: this.logger,
      authenticator: (id) => this.#serving?.authenticator(id),
    });
    this.#counting = new CountingMetrics(this.#ownTelemetry.meter);
    registerLogMetrics(this.#ownTelemetry.meter, this.#log.outputs);
    this.#warn(this.#config);
  }

  get logger(): Logger {
    return this.#log.logger;
  }

  /**
   * Starts all components. If one fails, stops the started ones and throws its error. Undefined if `shutdown` was called first.
   */
  async start(): Promise<Graph | undefined> {
    const graph = await this.#build(this.#config);
    try {
      if (this.#isEnding) return undefined;
      await this.#ownTelemetry.start();
      await this.#begin(graph);
    } catch (error) {
      await this.#stop(graph);
      if (error instanceof Interrupted) return undefined;
      throw error;
    }
    this.#graph = graph;
    this.#identify(graph);
    return graph;
  }

  /**
   * Reads the configuration again and switches to it. If it is invalid or a component of it can't start, the old one continues. Throws only
   * if the old one can't start again either.
   */
  async reload(): Promise<void> {
    this.#log.reopen();
    const previous = this.#graph;
    if (previous === undefined || this.#isEnding) return;
    let config: Config;
    let graph: Graph;
    try {
      config = this.#load();
      graph = await this.#build(config, previous);
    } catch (error) {
      this.logger.error(`the new configuration is invalid, keeping the old one:\n${messageOf(error)}`);
      this.#keepsakes.retain(previous.owners);
      previous.reopen();
      return;
    }
    this.#warn(config);
    if (JSON.stringify(config.service.telemetry) !== JSON.stringify(this.#config.service.telemetry)) {
      this.logger.warn('service::telemetry has changed: the change takes effect after a restart');
    }
    await previous.shutdown(SHUTDOWN_MILLIS, graph);
    this.#graph = graph;
    try {
      await this.#begin(graph);
      this.#config = config;
      this.#identify(graph);
      this.#keepsakes.retain(graph.owners);
      this.logger.info('configuration reloaded');
    } catch (error) {
      // `shutdown` ends the graph.
      if (error instanceof Interrupted) return;
      this.logger.error(`the new configuration can't start, returning to the old one: ${messageOf(error)}`);
      const restored = await this.#build(this.#config, graph);
      await graph.shutdown(SHUTDOWN_MILLIS, restored);
      this.#graph = restored;
      await this.#begin(restored).catch((failure) => {
        if (!(failure instanceof Interrupted)) throw failure;
      });
      this.#identify(restored);
      this.#keepsakes.retain(restored.owners);
    }
  }

  /**
   * Reads a last time, flushes and frees, within 5 s. Interrupts a start or reload in progress first; its caller still has to wait for it.
   */
  async shutdown(): Promise<void> {
    await this.interrupt();
    await this.#stop(this.#graph);
    this.#graph = undefined;
  }

  /** Ends a start in progress and prevents another. */
  async interrupt(): Promise<void> {
    this.#isEnding = true;
    await this.#starting?.interrupt(SHUTDOWN_MILLIS);
  }

  async #begin(graph: Graph): Promise<void> {
    this.#starting = graph;
    try {
      if (this.#isEnding) throw new Interrupted('the shutdown came before the start');
      await graph.start();
      this.#serving = graph;
    } finally {
      this.#starting = undefined;
    }
  }

  async #stop(graph: Graph | undefined): Promise<void> {
    const deadline = performance.now() + SHUTDOWN_MILLIS;
    await graph?.shutdown(SHUTDOWN_MILLIS);
    // Its last push has what the others have counted last.
    await this.#ownTelemetry.shutdown(deadline - performance.now());
  }

  #build(config: Config, previous?: Graph): Promise<Graph> {
    const reloadedMillis = previous === undefined ? 0 : Date.now();
    const settingsOf = (kind: string, id: string): Settings => ({
      id,
      logger: componentLogger(this.logger, kind.replace(/s\b.*/, ''), id),
      meter: this.#ownTelemetry.meter,
      resource: this.#resource,
      reloadedMillis,
      keep: this.#keepsakes.of(kind, id),
    });
    return Graph.build(config, { settingsOf, observer: this.#counting, ...(previous === undefined ? {} : { previous }) });
  }

  #identify(graph: Graph): void {
    this.#resource.identify(graph.receivers.flatMap(({ instance }) => instance ?? []));
    for (const exporter of graph.mixed) {
      this.logger.warn(
        `${exporter} sums receivers with pinned counts and receivers without: after a restart its counters fall. Set pin on all of them or on none, or use a separate exporter for each`,
      );
    }
  }

  #warn(config: Config): void {
    for (const { path, message, source } of config.warnings) this.logger.warn({ source }, `${path}: ${message}`);
    const exposed = exposedEndpoints(config);
    // In a pod they must be reachable, and network policies decide by whom.
    if (exposed !== undefined && exposed !== this.#exposed) this.logger[isInPod() ? 'info' : 'warn'](exposed);
    this.#exposed = exposed;
  }
}

function isInPod(): boolean {
  return process.env.KUBERNETES_SERVICE_HOST !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
