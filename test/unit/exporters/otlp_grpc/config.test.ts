import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/exporters/otlp_grpc/config.ts';
import { otlpGrpcFactory } from '../../../../src/exporters/otlp_grpc/factory.ts';
import { Retries } from '../../../../src/otlp/retries.ts';

const MOST = 300 * 3_600_000;
const problem = (given: object) => configSchema.safeParse(given).error?.issues[0]?.message;

describe('otlp_grpc configuration', () => {
  it('has the Collector’s defaults', () => {
    expect(configSchema.parse({ endpoint: 'collector:4317' })).toEqual({
      endpoint: { address: 'collector:4317', scheme: undefined },
      tls: {
        insecure: false,
        insecure_skip_verify: false,
        include_system_ca_certs_pool: false,
        min_version: '1.2',
        reload_interval: 60_000,
      },
      balancer_name: 'round_robin',
      headers: {},
      compression: 'gzip',
      timeout: 5000,
      retry_on_failure: {
        enabled: true,
        initial_interval: 5000,
        max_interval: 30_000,
        max_elapsed_time: 300_000,
        multiplier: 1.5,
        randomization_factor: 0.5,
      },
      temporality: 'cumulative',
      metric_names: 'opentelemetry',
    });
    expect(otlpGrpcFactory.aliases).toEqual(['otlp']);
  });

  it.each([
    ['http://collector:4317', { address: 'collector:4317', scheme: 'http' }],
    ['https://[::1]:4317/', { address: '[::1]:4317', scheme: 'https' }],
    ['[10.0.0.1]:4317', { address: '10.0.0.1:4317', scheme: undefined }],
    ['[collector]:4317', { address: 'collector:4317', scheme: undefined }],
  ])('reads the endpoint %s', (endpoint, target) => {
    expect(configSchema.parse({ endpoint }).endpoint).toEqual(target);
  });

  it.each(['collector', ':4317', 'collector:0', 'grpc://collector:4317', 'http://collector:4317/v1/metrics'])(
    'refuses the endpoint %s',
    (endpoint) => {
      expect(problem({ endpoint })).toBe(`must be host:port such as "localhost:4317", got "${endpoint}"`);
    },
  );

  it('refuses a certificate without its key, a zero timeout, keys it doesn’t know, and headers that gRPC refuses', () => {
    const endpoint = 'collector:4317';
    expect(problem({ endpoint, tls: { cert_file: 'a' } })).toBe(
      'a certificate (cert_file, cert_pem) and its key (key_file, key_pem) go together: give both or neither',
    );
    expect(problem({ endpoint, timeout: '0s' })).toBe('must be at least 1ms, got "0s"');
    expect(problem({ endpoint, sending_queue: { enabled: true } })).toMatch(/sending_queue/);
    expect(problem({ endpoint, headers: { 'a b': 'c' } })).toMatch(/^a header name is made of letters/);
    expect(problem({ endpoint, headers: { 'a-bin': 'c' } })).toMatch(/doesn't end in "-bin"$/);
    expect(problem({ endpoint, headers: { a: 'ü' } })).toBe('must be printable ASCII');
    expect(problem({})).toBeDefined();
  });

  it('takes no interval whose spread a timer would not take', () => {
    for (const key of ['initial_interval', 'max_interval']) {
      const given = (interval: string) => ({ endpoint: 'a:1', retry_on_failure: { [key]: interval } });
      expect(problem(given('301h'))).toBe('must be at most 300h, got "301h"');
      const settings = configSchema.parse({ endpoint: 'a:1', retry_on_failure: { [key]: '300h', randomization_factor: 1 } });
      const retries = new Retries(
        { ...settings.retry_on_failure, initial_interval: MOST, max_interval: MOST, max_elapsed_time: 0 },
        0,
      );
      expect(retries.next(0, 0, 1)).toBeLessThan(2 ** 31);
    }
  });

  it('keeps header values secret', () => {
    const { headers } = configSchema.parse({ endpoint: 'a:1', headers: { authorization: 'Bearer hunter2' } });
    expect(headers.authorization?.reveal()).toBe('Bearer hunter2');
    expect(`${JSON.stringify(headers)} ${inspect(headers)} ${headers.authorization}`).not.toContain('hunter2');
  });

  it.each(['connection', 'Keep-Alive', 'Upgrade', 'te', 'transfer-encoding', 'proxy-connection', 'http2-settings', 'trailer'])(
    'refuses the header %s, with which nothing would be sent',
    (name) => {
      expect(problem({ endpoint: 'a:1', headers: { [name]: 'x' } })).toBe(
        `${name.toLowerCase()} is about a connection of HTTP/1.1, and HTTP/2 refuses it; remove it`,
      );
    },
  );

  it.each([':path', ':authority', 'grpc-timeout', 'Content-Type', 'content-length', 'user-agent', 'host'])(
    'refuses the header %s, which is gRPC’s own',
    (name) => {
      expect(problem({ endpoint: 'a:1', headers: { [name]: 'x' } })).toBe(
        `${name.toLowerCase()} is gRPC's own header; remove it`,
      );
    },
  );

  it('refuses a header that is given twice', () => {
    expect(problem({ endpoint: 'a:1', headers: { 'X-Org': 'a', 'x-org': 'b' } })).toBe('is the same header as X-Org; remove one');
  });
});
