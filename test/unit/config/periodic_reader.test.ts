import { expect, test } from 'vitest';
import { printConfig } from '../../../src/cli/print_config.ts';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { files, mistakes } from './scratch.ts';

const options = (periodic: object) => {
  const config = {
    receivers: { dropreason: {} },
    exporters: { debug: {} },
    service: {
      telemetry: { metrics: { readers: [{ periodic }] } },
      pipelines: { metrics: { receivers: ['dropreason'], exporters: ['debug'] } },
    },
  };
  return { files: files(JSON.stringify(config)), env: {}, factories };
};
const load = (periodic: object) => loadConfig(options(periodic));
const read = (periodic: object) => load(periodic).service.telemetry.metrics.readers[0]?.periodic;
const otlp = (given: object) => ({ exporter: { otlp: { protocol: 'grpc', endpoint: 'collector:4317', ...given } } });
const clientOf = (given: object) => read(otlp(given))?.exporter.otlp.client;
const revealed = (given: object) =>
  Object.fromEntries(Object.entries(clientOf(given)?.headers ?? {}).map(([name, value]) => [name, value.reveal()]));

test("has the defaults of the Collector's SDK", () => {
  expect(read(otlp({}))).toMatchObject({
    interval: 60_000,
    timeout: 30_000,
    exporter: {
      otlp: {
        protocol: 'grpc',
        temporality: 'cumulative',
        client: { endpoint: { address: 'collector:4317' }, compression: 'none', timeout: 10_000, tls: { insecure: false } },
      },
    },
  });
});

test.each([
  ['grpc', 'http://collector:4317', { endpoint: { address: 'collector:4317', scheme: 'http' } }],
  ['http/protobuf', 'http://collector:4318', { endpoint: 'http://collector:4318' }],
  ['http/protobuf', 'https://collector/otlp', { metrics_endpoint: 'https://collector/otlp' }],
])('%s goes to %s', (protocol, endpoint, client) => {
  expect(clientOf({ protocol, endpoint })).toMatchObject(client);
});

test('certificates have the names of the client', () => {
  const given = { certificate: '/ca.crt', client_certificate: '/tls.crt', client_key: '/tls.key' };
  expect(clientOf(given)?.tls).toMatchObject({ ca_file: '/ca.crt', cert_file: '/tls.crt', key_file: '/tls.key' });
});

test('headers are names and values, a list, or text', () => {
  expect(revealed({ headers: { authorization: 'Bearer a' } })).toEqual({ authorization: 'Bearer a' });
  expect(revealed({ headers: [{ name: 'x-scope', value: 'b' }] })).toEqual({ 'x-scope': 'b' });
  const headers_list = 'authorization=Bearer%20c, x-scope=d,,e';
  expect(revealed({ headers_list })).toEqual({ authorization: 'Bearer c', 'x-scope': 'd' });
  expect(revealed({ headers_list, headers: { 'x-scope': 'f' } })).toEqual({ authorization: 'Bearer c', 'x-scope': 'f' });
});

test.each([
  ['headers', { headers: { authorization: 'hunter2' } }],
  ['a list', { headers: [{ name: 'authorization', value: 'hunter2' }] }],
  ['text', { headers_list: 'authorization=hunter2' }],
])('the secrets of %s are not shown', async (_, given) => {
  expect(JSON.stringify(load(otlp(given)).service)).not.toContain('hunter2');
  let printed = '';
  const stdout = (text: string) => {
    printed += text;
  };
  await printConfig(options(otlp(given)), { stdout, stderr: stdout });
  expect(printed).toContain('collector:4317');
  expect(printed).not.toContain('hunter2');
});

test.each([
  ['an endpoint that is none', otlp({ endpoint: 'collector' }), /otlp::endpoint: must be host:port/],
  ['a URL that is none', otlp({ protocol: 'http/protobuf', endpoint: 'collector:4318' }), /otlp::endpoint: must be a URL/],
  ['a key without a certificate', otlp({ client_key: '/a' }), /otlp: client_certificate and client_key go together/],
  ['a header that is none', otlp({ headers: { 'a b': '1' } }), /otlp::headers: a b: a header name is made of/],
  ['another protocol', otlp({ protocol: 'http/json' }), /otlp::protocol: must be one of "grpc", "http\/protobuf"/],
  ['a unit', { interval: '60s', ...otlp({}) }, /interval: must be a number of milliseconds such as 60000, got "60s"/],
  ['another exporter', { exporter: { console: {} } }, /console: is not a known key: scrape the metrics/],
  ['the name of a newer schema', { exporter: { otlp_grpc: {} } }, /otlp_grpc: is not a known key: write otlp: \{protocol: grpc/],
  ['what has no meaning', otlp({ default_histogram_aggregation: 'x' }), /: is not a known key: histograms have explicit buckets/],
])('%s is a mistake', (_, periodic, message) => {
  expect(mistakes(() => load(periodic)).join('\n')).toMatch(message);
});

test('a reader is either pulled or pushes', () => {
  const readers = [{}, { pull: { exporter: { prometheus: {} } }, periodic: otlp({}) }];
  const config = {
    receivers: { dropreason: {} },
    exporters: { debug: {} },
    service: { telemetry: { metrics: { readers } }, pipelines: { metrics: { receivers: ['dropreason'], exporters: ['debug'] } } },
  };
  const found = mistakes(() => loadConfig({ files: files(JSON.stringify(config)), env: {}, factories }));
  expect(found.filter((each) => each.includes('must have either pull or periodic'))).toHaveLength(2);
});
