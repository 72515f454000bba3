import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { GrpcCarrier } from '../../../../src/otlp/grpc/carrier.ts';
import { grpcClientSettings } from '../../../../src/otlp/grpc/client_settings.ts';
import { Login } from '../login.ts';
import { metrics, service } from '../pushed_metrics.ts';
import { OtlpServer } from './otlp_server.ts';

const certificate = (name: string) => join(import.meta.dirname, '../../../support/kube_api/certificate', name);
const read = (name: string) => readFileSync(certificate(name));

const { logger } = service.settings('otlp_grpc');

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(...given: Parameters<OtlpServer['start']>): Promise<OtlpServer> {
  const server = await new OtlpServer().start(...given);
  ends.push(() => server.stop());
  return server;
}

async function carrierTo(endpoint: string, given: object): Promise<GrpcCarrier> {
  const carrier = await GrpcCarrier.create(grpcClientSettings.parse({ endpoint, ...given }), logger, '1.2.3');
  ends.push(() => carrier.close());
  return carrier;
}

const serveTls = () =>
  serve(ServerCredentials.createSsl(null, [{ private_key: read('server.key'), cert_chain: read('server.crt') }]));
const INSECURE = { tls: { insecure: true } };

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dropreason-grpc-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a login is sent with each push, instead of such a header, and is suspect after a refusal', async () => {
  const server = await serveTls();
  const login = new Login();
  const given = { tls: { ca_file: certificate('ca.crt') }, headers: { authorization: 'given' } };
  const config = grpcClientSettings.parse({ endpoint: `localhost:${server.port}`, ...given });
  const carrier = await GrpcCarrier.create(config, logger, '1.2.3', login);
  ends.push(() => carrier.close());
  await carrier.send(metrics);
  expect(login.suspected).toBe(0);
  server.answer = status.UNAUTHENTICATED;
  expect(await carrier.send(metrics)).toMatchObject({ status: 'refused', cause: 'UNAUTHENTICATED' });
  expect(login.suspected).toBe(1);
  expect(server.requests.map(({ metadata }) => metadata.get('authorization'))).toEqual([['Bearer 1'], ['Bearer 2']]);
});

test('a stream that the server breaks off may be tried again: nobody has answered', async () => {
  const server = createServer().on('stream', (stream) => {
    stream.on('error', () => {});
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const carrier = await carrierTo(`127.0.0.1:${(server.address() as AddressInfo).port}`, INSECURE);
  expect(await carrier.send(metrics)).toMatchObject({ status: 'retryable', why: expect.stringContaining('RST_STREAM') });
});

test.each(['', 'dns:', 'dns:///'])('goes to "%shost:port"', async (scheme) => {
  const server = await serve();
  const carrier = await carrierTo(`${scheme}localhost:${server.port}`, {
    ...INSECURE,
    keepalive: { permit_without_stream: true },
  });
  expect(await carrier.send(metrics)).toMatchObject({ status: 'sent' });
  expect(server.requests[0]?.points.map(({ value }) => value)).toEqual([7, 588]);
});

test.each(['unix:', 'unix://'])('goes to a Unix socket, %sPATH', async (scheme) => {
  const path = join(scratch(), 'otlp.sock');
  const server = await serve(ServerCredentials.createInsecure(), `unix:${path}`);
  expect(await (await carrierTo(`${scheme}${path}`, INSECURE)).send(metrics)).toMatchObject({ status: 'sent' });
  expect(server.requests).toHaveLength(1);
});

test('the name and the versions are those that are asked for', async () => {
  const { port } = await serveTls();
  const sent = async (tls: object) => {
    const carrier = await carrierTo(`127.0.0.1:${port}`, { tls: { ca_file: certificate('ca.crt'), ...tls } });
    return (await carrier.send(metrics)).status;
  };
  expect(await sent({})).toBe('sent');
  expect(await sent({ server_name_override: 'kubernetes.default.svc' })).toBe('sent');
  expect(await sent({ server_name_override: 'other.example' })).toBe('retryable');
  expect(await sent({ max_version: '1.2' })).toBe('sent');
});

test('a CA that is replaced is used after the first push that fails', async () => {
  const ca_file = join(scratch(), 'ca.crt');
  writeFileSync(ca_file, rootCertificates[0] ?? '');
  const { port } = await serveTls();
  const carrier = await carrierTo(`localhost:${port}`, { tls: { ca_file } });
  expect(await carrier.send(metrics)).toMatchObject({ status: 'retryable' });
  writeFileSync(ca_file, read('ca.crt'));
  expect(await carrier.send(metrics)).toMatchObject({ status: 'sent' });
});

test('what the server repeats of a secret header is hidden', async () => {
  const server = await serve();
  const carrier = await carrierTo(`127.0.0.1:${server.port}`, { ...INSECURE, headers: { 'x-api-key': 'hunter2' } });
  server.answer = { code: status.PERMISSION_DENIED, details: 'the key hunter2 is unknown' };
  expect(await carrier.send(metrics)).toMatchObject({
    status: 'refused',
    why: expect.stringContaining('the key [REDACTED] is unknown'),
  });
});
