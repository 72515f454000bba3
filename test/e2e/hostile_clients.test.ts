import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Agent, pipeline } from '../support/agent.ts';
import { freePort } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';
import { askAndNeverRead, dialAll, fetchTimed, GET, hangUp } from '../support/scrape_server/clients.ts';

/** A reload and an orderly end, as the agent promises them. */
const PROMISED_MILLIS = 5_000;
/** A good client beside them, at least every other time on a busy machine too. */
const ANSWER_MILLIS = 1_000;

const clients: Socket[] = [];
afterEach(() => hangUp(clients.splice(0)));

/** Everything at once, on one port. */
async function attack(port: number): Promise<void> {
  const waiting = await Promise.all([
    askAndNeverRead(50, port),
    askAndNeverRead(50, port, 'GET /metrics HTTP/1.1\r\nHost: a\r\n'),
    askAndNeverRead(10, port, GET.repeat(20)),
    dialAll(50, port),
  ]);
  clients.push(...waiting.flat());
  const pipelining = await askAndNeverRead(4, port, GET.repeat(20_000));
  clients.push(...pipelining);
}

describe.skipIf(whyNotHere(['setpriv']) !== undefined)('with hostile clients on all its ports the agent', () => {
  test('answers, reloads and ends as it promises', async () => {
    const [own, health] = [await freePort(), await freePort()];
    const make = {
      extensions: { health_check: { endpoint: `127.0.0.1:${health}` } },
      metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: own } } } }] },
    };
    const agent = await Agent.start(make);
    try {
      const ports = [agent.port, own, health];
      await Promise.all(ports.map(attack));
      const millis: number[] = [];
      for (let round = 0; round < 5; round++) {
        const asked = await Promise.all([
          fetchTimed(agent.port, '/metrics'),
          fetchTimed(own, '/metrics'),
          fetchTimed(health, '/'),
          fetchTimed(agent.port, `http://localhost:${agent.port}/metrics`),
        ]);
        expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        millis.push(...asked.map((answer) => answer.millis));
      }
      millis.sort((a, b) => a - b);
      expect(millis[millis.length >> 1]).toBeLessThan(ANSWER_MILLIS);

      agent.write(pipeline({ port: agent.port, ...make, prometheus: { write_timeout: '10s', max_connections: 300 } }));
      const began = performance.now();
      agent.signal('SIGHUP');
      await agent.said('configuration reloaded');
      expect(performance.now() - began).toBeLessThan(PROMISED_MILLIS);
      expect((await fetchTimed(agent.port, '/metrics')).status).toBe(200);

      await Promise.all(ports.map(attack));
      const end = await agent.stop();
      expect(end.code).toBe(0);
      expect(end.millis).toBeLessThan(PROMISED_MILLIS);
    } finally {
      agent.kill();
    }
  });
});
