import type { Finding } from '../component/factory.ts';
import { visible } from '../component/visible.ts';
import type { Config } from '../config/config.ts';
import { KINDS } from '../config/kinds.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import { pullReaders } from '../config/service_schema.ts';
import { endpointFindings } from '../http/endpoint_finding.ts';
import type { Io } from './io.ts';

interface DoctorOptions extends LoadOptions {
  readonly json: boolean;
}

/** `dropreason doctor`: returns whether the given configuration would run. */
export async function doctor({ json, ...options }: DoctorOptions, { stdout }: Io): Promise<boolean> {
  const config = loadConfig(options);
  const findings = [...(await ofComponents(config)), ...(await ofTelemetry(config))];
  const ready = findings.every(({ status }) => status !== 'fail');
  stdout(json ? `${JSON.stringify({ ready, findings }, undefined, 2)}\n` : table(findings, ready));
  return ready;
}

/** The findings of each component that would run. */
async function ofComponents(config: Config): Promise<Finding[]> {
  const used = new Set(
    [...config.service.pipelines.values()].flatMap(({ receivers, processors, exporters }) => [
      ...receivers.map((id) => `receivers ${id}`),
      ...processors.map((id) => `processors ${id}`),
      ...exporters.map((id) => `exporters ${id}`),
    ]),
  );
  for (const id of config.service.extensions) used.add(`extensions ${id}`);
  const findings: Finding[] = [];
  for (const kind of KINDS) {
    for (const [id, { factory, config: given }] of config[kind]) {
      if (used.has(`${kind} ${id}`)) findings.push(...((await factory.diagnose?.(id, given)) ?? []));
    }
  }
  return findings;
}

/** A taken port of the agent's own telemetry is only a warning. */
async function ofTelemetry({ service: { telemetry } }: Config): Promise<Finding[]> {
  const findings = await Promise.all(
    pullReaders(telemetry).map(({ path, prometheus }) => {
      const configPath = `${path.join('::')}::port`;
      return endpointFindings({ endpoint: prometheus, settings: prometheus, configPath, otherwise: 'warn' });
    }),
  );
  return findings.flat();
}

function table(findings: readonly Finding[], ready: boolean): string {
  const shown = findings.map((finding) => ({ ...finding, subject: visible(finding.subject) }));
  const width = Math.max(...shown.map(({ subject }) => subject.length));
  const lines = shown.map(({ subject, status, message }) => {
    const [first, ...rest] = message.split('\n');
    return [
      `${status.padEnd(4)}  ${subject.padEnd(width)}  ${first}`,
      ...rest.map((line) => `${' '.repeat(8 + width)}${line}`),
    ].join('\n');
  });
  const verdict = ready ? 'This configuration would run.' : 'This configuration would not run: see the lines marked fail.';
  return `${lines.join('\n')}\n\n${verdict}\n`;
}
