import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { get as getSecurely } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Agent, type File, pipeline } from '../support/agent.ts';
import { Authority } from '../support/certificates.ts';
import { freePort, portOf } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';
import { scratchDirectory } from '../support/scratch.ts';

/** In each secret, and in what a client sends that is refused. */
const MARK = 'hunter2';

describe.skipIf(whyNotHere(['setpriv', 'openssl']) !== undefined)('the secrets of an agent that uses them all', () => {
  let server: Server;
  let pushed: (string | undefined)[];
  let ports: Record<'metrics' | 'own' | 'health', number>;
  let file: File;
  let ca: Authority;
  let key: string;

  beforeEach(async () => {
    pushed = [];
    // Refuses every push, and repeats what it was sent.
    server = createServer((request, response) => {
      const { authorization, 'x-api-key': header } = request.headers;
      pushed.push(authorization, header as string | undefined);
      request.resume().on('end', () => response.writeHead(401).end(`no: ${authorization} ${header}`));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const collector = portOf(server);
    ports = { metrics: await freePort(), own: await freePort(), health: await freePort() };
    ca = new Authority(scratchDirectory(), 'ca');
    const certificate = ca.issue('agent');
    key = readFileSync(certificate.key, 'utf8');
    const tls = { cert_file: certificate.cert, key_pem: key };
    const sha1 = createHash('sha1').update(`${MARK}-scraper`).digest('base64');
    file = pipeline({
      port: ports.metrics,
      receiver: { collection_interval: '1s' },
      prometheus: { tls, auth: { authenticator: 'basicauth/scrapers' } },
      exporters: {
        otlp_http: {
          endpoint: `http://127.0.0.1:${collector}`,
          headers: { 'x-api-key': `${MARK}-header` },
          auth: { authenticator: 'bearertokenauth' },
        },
        'otlp_http/basic': { endpoint: `http://127.0.0.1:${collector}`, auth: { authenticator: 'basicauth/pushed' } },
        otlp_grpc: { endpoint: `127.0.0.1:${collector}`, tls: { insecure: true }, headers: { 'x-api-key': `${MARK}-header` } },
      },
      extensions: {
        health_check: { endpoint: `localhost:${ports.health}` },
        bearertokenauth: { token: `${MARK}-token` },
        'basicauth/pushed': { client_auth: { username: 'agent', password: `${MARK}-password` } },
        'basicauth/scrapers': { htpasswd: { inline: `prometheus:{SHA}${sha1}` } },
      },
      metrics: { level: 'detailed', readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: ports.own } } } }] },
    });
    (file.service.telemetry as Record<string, unknown>).logs = { level: 'debug' };
  });

  afterEach(() => server.close());

  const expectHidden = (output: string) => {
    expect(output).not.toBe('');
    expect(output).not.toContain(MARK);
    const [, inner = ''] = key.split('\n');
    expect(output).not.toContain(inner);
    for (const secret of ['token', 'header', 'password', 'scraper', 'guess']) {
      expect(output).not.toContain(Buffer.from(`${MARK}-${secret}`).toString('base64'));
    }
    expect(output).not.toContain(Buffer.from(`agent:${MARK}-password`).toString('base64'));
  };

  test('are in no output of a run: log, own metrics, health, what it publishes', async () => {
    const agent = await Agent.start({}, { file: () => file });
    onTestFinished(async () => void (await agent.stop()));
    const get = async (url: string) => {
      const response = await fetch(url);
      return `${response.status} ${await response.text()}`;
    };
    const scrape = async (headers: Record<string, string>) => {
      const [response] = await once(
        getSecurely(`https://localhost:${ports.metrics}/metrics`, { headers, ca: ca.pem }),
        'response',
      );
      return `${response.statusCode} ${await text(response)}`;
    };
    const login = (password: string) => ({ authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` });
    const outputs = [
      await scrape(login(`${MARK}-guess`)),
      await scrape(login(`${MARK}-scraper`)),
      await get(`http://localhost:${ports.health}/`),
    ];
    expect(outputs.map((output) => output.slice(0, 3))).toEqual(['401', '200', '200']);
    await expect
      .poll(() => pushed, { timeout: 20_000 })
      .toEqual(expect.arrayContaining([`Bearer ${MARK}-token`, `${MARK}-header`, expect.stringMatching(/^Basic /)]));
    await agent.said('401');
    outputs.push(await get(`http://localhost:${ports.own}/metrics`));
    await agent.stop();
    for (const output of [...outputs, agent.output]) expectHidden(output);
  });

  test.each(['doctor', 'validate', 'print-config'])('are in no output of %s', async (verb) => {
    const agent = await Agent.spawn({}, { file: () => file, verb: [verb] });
    await agent.exit;
    expectHidden(agent.output);
  });
});
