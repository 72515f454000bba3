import type { ClientAuthenticator } from '../../../src/component/authenticator.ts';

/** Has another token for each push. */
export class Login implements ClientAuthenticator {
  #asked = 0;
  suspected = 0;

  async credentials(): Promise<{ name: string; value: string }> {
    return { name: 'Authorization', value: `Bearer ${++this.#asked}` };
  }

  suspect(): void {
    this.suspected++;
  }
}
