import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { Agent, get, type RequestOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { serverSettings } from '../../../src/component/server_settings.ts';
import { endpointFindings } from '../../../src/http/endpoint_finding.ts';
import { HttpEndpoint } from '../../../src/http/http_endpoint.ts';
import { Authority, replaceCertificate } from '../../support/certificates.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { makeSettings } from '../../support/settings.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An authority, a certificate of the server by it, and an endpoint with that. */
async function serve(tls: object = {}, settings: object = {}, onAnswer = () => {}) {
  const directory = scratchDirectory();
  const ca = new Authority(directory, 'ca');
  const server = ca.issue('server');
  const { logger, lines } = makeSettings();
  const endpoint = new HttpEndpoint({
    endpoint: { host: 'localhost', port: 0 },
    settings: serverSettings.parse({ tls: { cert_file: server.cert, key_file: server.key, ...tls }, ...settings }),
    configPath: 'exporters::prometheus::endpoint',
    routes: {
      '/metrics': {
        answer: () => {
          onAnswer();
          return { status: 200, contentType: 'text/plain', body: 'hello' };
        },
      },
    },
    logger,
  });
  ends.push(() => endpoint.stop(0));
  await endpoint.start();
  const port = endpoint.port as number;
  return { directory, ca, server, endpoint, port, lines, said: () => lines.map(({ msg }) => msg).join('\n') };
}

function ask(port: number, options: RequestOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: 'localhost', port, path: '/metrics', agent: false, ...options }, (response) => {
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    }).on('error', reject);
  });
}

/** The exit code of a handshake by OpenSSL's own client, which tells a server why it refuses a certificate. Node's doesn't. */
async function openssl(ca: string, port: number): Promise<number> {
  const args = ['s_client', '-connect', `localhost:${port}`, '-CAfile', ca, '-verify_return_error'];
  const [code] = await once(spawn('openssl', args, { stdio: 'ignore' }), 'exit');
  return code;
}

/** The end of a connection, however it ends. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));

function keep<S extends Socket>(socket: S): S {
  ends.push(() => socket.destroy());
  socket.on('error', () => {});
  return socket;
}

describe('an endpoint with tls', () => {
  it('answers over HTTPS, request after request on one connection', async () => {
    const { port, ca } = await serve();
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.pem });
    ends.push(() => agent.destroy());
    const answers = [];
    for (let nth = 0; nth < 3; nth++) answers.push(await ask(port, { agent }));
    expect(answers).toEqual(['200 hello', '200 hello', '200 hello']);
  });

  it.each([
    ['TLSv1.3', {}],
    ['TLSv1.2', {}],
    ['TLSv1.3', { min_version: '1.3' }],
    ['TLSv1.2', { max_version: '1.2' }],
  ] as const)('speaks %s with %o', async (version, tls) => {
    const { port, ca } = await serve(tls);
    expect(await ask(port, { ca: ca.pem, minVersion: version, maxVersion: version })).toBe('200 hello');
  });

  it.each([
    ['TLSv1.2', { min_version: '1.3' }],
    ['TLSv1.3', { max_version: '1.2' }],
    ['TLSv1.1', {}],
  ] as const)('refuses %s with %o', async (version, tls) => {
    const { port, ca, said } = await serve(tls);
    const versions = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    await expect(ask(port, { ca: ca.pem, ...versions })).rejects.toThrow(/protocol|alert/i);
    await expect.poll(said).toContain('offered no version of TLS that is accepted');
  });

  it('closes a connection that speaks HTTP, and reports that once', async () => {
    const { port, lines, said } = await serve();
    for (let nth = 0; nth < 3; nth++) {
      await expect(new Promise((_, reject) => getPlain({ port, agent: false }).on('error', reject))).rejects.toThrow();
    }
    await expect.poll(said).toBe(`localhost:0: a client spoke HTTP, and not HTTPS`);
    expect(lines).toHaveLength(1);
  });

  it('says nothing of probes that connect and disconnect', async () => {
    const { port, ca, lines } = await serve();
    const probe = keep(connect(port, '127.0.0.1'));
    await once(probe, 'connect');
    probe.end();
    await closed(probe);
    expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
    expect(lines).toEqual([]);
  });

  it('disconnects a client that does not finish its handshake', async () => {
    const { port, ca, said } = await serve({}, { read_header_timeout: '1s' });
    const silent = keep(connect(port, '127.0.0.1'));
    silent.write(Buffer.from('160301', 'hex'));
    await closed(silent);
    expect(said()).toBe('localhost:0: a client did not finish its TLS handshake within 1 s');
    expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
  });

  it('counts connections from before their handshake, and replaces the oldest', async () => {
    const { port, ca, said } = await serve({}, { max_connections: 4 });
    const silent = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = keep(connect(port, '127.0.0.1'));
        await once(socket, 'connect');
        return socket;
      }),
    );
    const gone = Promise.race(silent.map(closed));
    expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
    await gone;
    expect(silent.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    expect(said()).toContain('more clients than max_connections (4)');
  });

  it('counts a connection once, before its handshake and after it', async () => {
    const { port, ca } = await serve({}, { max_connections: 3 });
    const idle = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const socket = keep(connectTls({ port, host: 'localhost', ca: ca.pem }));
        await once(socket, 'secureConnect');
        return socket;
      }),
    );
    for (let nth = 0; nth < 5; nth++) expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
    expect(idle.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  });

  it('does not start without its files', async () => {
    await expect(serve({ cert_file: '/nonexistent/tls.crt' })).rejects.toThrow(
      "tls::cert_file: can't read /nonexistent/tls.crt: ENOENT",
    );
  });

  it('does not start with a key of another certificate', async () => {
    const other = new Authority(scratchDirectory(), 'other').issue('server');
    await expect(serve({ key_file: other.key })).rejects.toThrow(/tls: the certificates can't be used: .*mismatch/);
  });

  it('takes the certificate and its key as text', async () => {
    const ca = new Authority(scratchDirectory(), 'ca');
    const { cert, key } = ca.issue('server');
    const pem = { cert_pem: readFileSync(cert, 'utf8'), key_pem: readFileSync(key, 'utf8') };
    const { port } = await serve({ cert_file: undefined, key_file: undefined, ...pem });
    expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
  });
});

describe('doctor', () => {
  const findings = async (tls: object) => {
    const settings = serverSettings.parse({ tls });
    const endpoint = { host: 'localhost', port: 0 };
    return endpointFindings({ endpoint, settings, configPath: 'exporters::prometheus::endpoint', otherwise: 'fail' });
  };

  it('reads the files', async () => {
    const { cert, key } = new Authority(scratchDirectory(), 'ca').issue('server');
    expect(await findings({ cert_file: cert, key_file: key })).toMatchObject([
      { status: 'ok' },
      { status: 'ok', subject: 'tls 0' },
    ]);
    expect(await findings({ cert_file: cert, key_file: '/nowhere/tls.key' })).toMatchObject([
      { status: 'ok' },
      { status: 'fail', message: "exporters::prometheus::endpoint: tls::key_file: can't read /nowhere/tls.key: ENOENT" },
    ]);
  });
});

describe('client_ca_file', () => {
  async function serveClients() {
    const directory = scratchDirectory();
    const clients = new Authority(directory, 'clients');
    const client_ca_file = join(directory, 'client_ca.crt');
    copyFileSync(clients.cert, client_ca_file);
    let asked = 0;
    const served = await serve({ client_ca_file, reload_interval: '1h' }, {}, () => asked++);
    return { ...served, clients, client_ca_file, asked: () => asked };
  }
  const identity = ({ cert, key }: { cert: string; key: string }) => ({ cert: readFileSync(cert), key: readFileSync(key) });

  it('answers clients with a certificate of that CA alone', async () => {
    const { port, ca, clients, said, asked } = await serveClients();
    expect(await ask(port, { ca: ca.pem, ...identity(clients.issue('prometheus')) })).toBe('200 hello');
    await expect(ask(port, { ca: ca.pem })).rejects.toThrow();
    await expect.poll(said).toContain('a client showed no certificate; client_ca_file requires one');
    const stranger = new Authority(scratchDirectory(), 'stranger').issue('prometheus');
    await expect(ask(port, { ca: ca.pem, ...identity(stranger) })).rejects.toThrow();
    await expect.poll(said).toContain('a client showed a certificate that client_ca_file does not accept (UNABLE_TO_');
    expect(asked()).toBe(1);
  });

  it('is read again after a client of another CA, and not more than once a second', async () => {
    const { port, ca, client_ca_file } = await serveClients();
    const others = new Authority(scratchDirectory(), 'others');
    const client = identity(others.issue('prometheus'));
    copyFileSync(others.cert, client_ca_file);
    const attempt = () => ask(port, { ca: ca.pem, ...client }).catch(() => 'refused');
    expect(await attempt()).toBe('refused');
    await expect.poll(attempt, { timeout: 5_000 }).toBe('200 hello');
  });
});

describe('certificates that are replaced', () => {
  it('are used from the next connection on, and cut none', async () => {
    const { port, ca, server, directory, said } = await serve({ reload_interval: '1s' });
    const open = keep(connectTls({ port, host: 'localhost', ca: ca.pem }));
    await once(open, 'secureConnect');
    const next = new Authority(directory, 'next');
    replaceCertificate(server, next.issue('server'));
    await expect.poll(() => ask(port, { ca: next.pem }).catch(String), { timeout: 5_000 }).toBe('200 hello');
    await expect(ask(port, { ca: ca.pem })).rejects.toThrow(/verify|certificate/);
    open.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(said()).toContain('tls: the certificates have changed; new connections use them');
  });

  it.each([
    ['is not there', (file: string) => rmSync(file)],
    ['is no certificate', (file: string) => writeFileSync(file, 'nothing')],
    ['is half of one', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 300))],
  ])('are kept where the new file %s, which is reported once', async (_, spoil) => {
    const { port, ca, server, lines } = await serve({ reload_interval: '1s' });
    spoil(server.cert);
    const errors = () => lines.filter(({ level }) => level === 'error').map(({ msg }) => msg);
    await expect.poll(errors, { timeout: 5_000 }).toHaveLength(1);
    // Two more looks at it.
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(errors()).toEqual(["tls: the files can't be read again; the certificates that were read before are used"]);
    expect(await ask(port, { ca: ca.pem })).toBe('200 hello');
  });

  it('are read again when a client refuses the old one', async () => {
    const { port, server, directory, said } = await serve({ reload_interval: '1h' });
    const next = new Authority(directory, 'next');
    replaceCertificate(server, next.issue('server'));
    await expect.poll(() => openssl(next.cert, port), { timeout: 5_000 }).toBe(0);
    expect(said()).toContain('a client does not trust the certificate of this server');
  });
});
