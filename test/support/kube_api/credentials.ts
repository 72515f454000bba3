import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CERTIFICATE = new URL('./certificate/', import.meta.url);
const SECRETS = 'var/run/secrets/kubernetes.io/serviceaccount';

/** A file of test/support/kube_api/certificate. */
export const certificate = (name: string): Buffer => readFileSync(new URL(name, CERTIFICATE));

/** The credentials of a client of the fake, in a separate directory: secrets of a service account, and a kubeconfig. */
export class Credentials {
  /** For KUBECONFIG. Its token file is the service account's. */
  readonly kubeConfigFile: string;
  readonly tokenFile: string;
  readonly directory = mkdtempSync(join(tmpdir(), 'dropreason-kube-api-'));
  token = '';

  constructor(server: string) {
    const secrets = join(this.directory, SECRETS);
    mkdirSync(secrets, { recursive: true });
    this.tokenFile = join(secrets, 'token');
    this.kubeConfigFile = join(this.directory, 'kubeconfig');
    const ca = certificate('ca.crt');
    writeFileSync(join(secrets, 'ca.crt'), ca);
    writeFileSync(join(secrets, 'namespace'), 'dropreason');
    const cluster = { server, 'certificate-authority-data': ca.toString('base64'), 'tls-server-name': 'localhost' };
    // client-node does this for a service account. It doesn't support `tokenFile` in a kubeconfig.
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: this.tokenFile } } };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      clusters: [{ name: 'fake', cluster }],
      users: [{ name: 'fake', user }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    };
    writeFileSync(this.kubeConfigFile, JSON.stringify(config));
    this.rotate(true);
  }

  rotate(write: boolean): string {
    this.token = `token-${Math.random().toString(36).slice(2)}`;
    if (write) writeFileSync(this.tokenFile, this.token);
    return this.token;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
