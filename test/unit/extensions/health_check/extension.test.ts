import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ComponentHealth, SourceState } from '../../../../src/component/host.ts';
import { configSchema } from '../../../../src/extensions/health_check/config.ts';
import { goDuration, HealthCheck } from '../../../../src/extensions/health_check/extension.ts';
import { makeSettings } from '../../../support/settings.ts';

let health: ComponentHealth[] = [];
let sources: SourceState[] = [];
const running: HealthCheck[] = [];

async function start(given: object = {}) {
  const extension = new HealthCheck(makeSettings('health_check'), configSchema.parse({ endpoint: 'localhost:0', ...given }));
  running.push(extension);
  await extension.start({
    refresh: () => Promise.resolve(),
    health: () => health,
    sources: () => sources,
    authenticator: () => undefined,
  });
  return `http://127.0.0.1:${extension.port}`;
}

afterEach(async () => {
  vi.useRealTimers();
  sources = [];
  await Promise.all(running.splice(0).map((extension) => extension.shutdown(0)));
});

describe('HealthCheck', () => {
  it('answers as the Collector does while all is well', async () => {
    health = [{ id: 'dropreason', healthy: true, why: '' }];
    const answer = await fetch(await start());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      status: 'Server available',
      upSince: expect.stringMatching(/^20\d\d-.*Z$/),
      uptime: expect.stringMatching(/s$/),
    });
  });

  it('reports the sources of processors, and stays 200 whatever their state', async () => {
    health = [{ id: 'dropreason', healthy: true, why: '' }];
    sources = [
      { source: 'k8s_attributes pods', state: 'synced', ageMillis: 1_500, why: '' },
      { source: 'k8s_attributes nodes', state: 'forbidden', ageMillis: undefined, why: 'the API server returned 403' },
    ];
    const answer = await fetch(await start());
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      sources: [
        { source: 'k8s_attributes pods', state: 'synced', age: '1.5s' },
        { source: 'k8s_attributes nodes', state: 'forbidden', why: 'the API server returned 403' },
      ],
    });
  });

  it('answers 503 and why while a receiver is not attached, and counts its uptime anew afterwards', async () => {
    const url = await start({ path: '/healthz' });
    health = [{ id: 'dropreason', healthy: true, why: '' }];
    const { upSince } = (await (await fetch(`${url}/healthz`)).json()) as { upSince: string };
    health = [
      { id: 'dropreason', healthy: false, why: 'kfree_skb is not attached' },
      { id: 'prometheus', healthy: true, why: '' },
    ];
    const answer = await fetch(`${url}/healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: 'Server not available',
      upSince: '0001-01-01T00:00:00Z',
      uptime: '',
      why: ['dropreason: kfree_skb is not attached'],
    });
    health = [];
    await new Promise((resolve) => setTimeout(resolve, 5));
    const again = (await (await fetch(`${url}/healthz`)).json()) as { upSince: string };
    expect(again.upSince > upSince).toBe(true);
    expect((await fetch(url)).status).toBe(404);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('goes on with its uptime where the clock is set %s, and was up since then by the new time', async (_, millis) => {
    const url = await start();
    health = [];
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    vi.setSystemTime(Date.UTC(2026, 0, 2, 3, 0, 0));
    const answer = async () => (await (await fetch(url)).json()) as object;
    expect(await answer()).toMatchObject({ upSince: '2026-01-02T03:00:00.000Z', uptime: '0s' });
    vi.advanceTimersByTime(90_000);
    expect(await answer()).toMatchObject({ upSince: '2026-01-02T03:00:00.000Z', uptime: '1m30s' });
    vi.setSystemTime(Date.now() + millis);
    vi.advanceTimersByTime(30_000);
    const upSince = new Date(Date.UTC(2026, 0, 2, 3, 0, 0) + millis).toISOString();
    expect(await answer()).toMatchObject({ upSince, uptime: '2m0s' });
  });

  it('names its port and key where the port is taken', async () => {
    const { port } = new URL(await start());
    await expect(start({ endpoint: `localhost:${port}` })).rejects.toThrow(
      `can't listen on localhost:${port}: another process uses port ${port}; stop it, or change extensions::health_check::endpoint`,
    );
  });
});

describe('goDuration', () => {
  it.each([
    [0, '0s'],
    [250, '250ms'],
    [1500, '1.5s'],
    [62_000, '1m2s'],
    [3_600_000, '1h0m0s'],
    [90_061_001, '25h1m1.001s'],
  ])('%d ms is %s', (millis, text) => {
    expect(goDuration(millis)).toBe(text);
  });
});
