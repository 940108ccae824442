import { describe, expect, it } from 'vitest';
import { aMailServer, type MailDouble } from '../outbound/mail-server.js';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted } from './alerts-support.js';
import { metricsOf } from './metrics-support.js';

const TO = 'a@example.com';

async function mailed(more: object = {}): Promise<{ a: Alerted; server: MailDouble }> {
  const a = await alerted();
  const server = await aMailServer();
  const config = { host: 'localhost', port: String(server.port), security: 'none', from: 'alerts@example.com', to: TO };
  const { id } = await a.call<{ id: string }>('POST', '/alerts/channels', { name: 'mail', type: 'email', config });
  await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: 0, notifyResolved: false, ...more });
  return { a, server };
}

/** Resolves when the only message was tried so often. */
const tried = (a: Alerted, attempts: number, state = 'pending') =>
  eventually(async () => {
    const deliveries = await a.deliveries();
    expect(deliveries).toMatchObject([{ attempts, state }]);
    return deliveries[0];
  });

/** Nothing is sent before the wait is over, which is at least so long. */
async function waits(a: Alerted, server: MailDouble, leastMs: number): Promise<void> {
  const connections = server.connections;
  await a.controlPlane.advance(leastMs - 10);
  await a.controlPlane.advance(0);
  expect(server.connections).toBe(connections);
}

const goesOn = async (a: Alerted, attempts: number, state: string): Promise<void> => {
  await eventually(async () => {
    await a.controlPlane.advance(500);
    await a.controlPlane.advance(0);
    expect(await a.deliveries()).toMatchObject([{ attempts, state }]);
  });
};

const idOf = ({ text }: { text: string }): string | undefined => /^Message-ID: (.+)\r$/im.exec(text)?.[1];

const troublesOf = async (a: Alerted) =>
  (await metricsOf(a)).lines
    .filter(({ name, value }) => name === 'pipelogiq_alert_delivery_failures_total' && value > 0)
    .map(({ labels, value }) => [labels.outcome, labels.reason, value]);

describe('mail in the delivery loop', () => {
  const refuse: { readonly [where: string]: (server: MailDouble, responseCode: number) => void } = {
    'RCPT TO': (server, responseCode) => server.refusals.set(TO, { responseCode, message: 'so it is' }),
    DATA: (server, responseCode) => {
      server.atData = { responseCode, message: 'so it is' };
    },
  };
  const accept = (server: MailDouble): void => {
    server.refusals.clear();
    server.atData = undefined;
  };

  it.each([
    ['RCPT TO', 450],
    ['RCPT TO', 421],
    ['DATA', 451],
    ['DATA', 421],
  ] as const)('that is answered at %s with %i is tried again, later and later', async (where, code) => {
    const { a, server } = await mailed();
    refuse[where]?.(server, code);
    await a.failing();
    expect(await tried(a, 1)).toMatchObject({ lastStatus: code, lastAnswer: expect.stringContaining('so it is') });
    await waits(a, server, 1_000);
    await goesOn(a, 2, 'pending');
    accept(server);
    await waits(a, server, 1_500);
    await goesOn(a, 3, 'delivered');
    expect(server.taken.map(({ to }) => to)).toEqual([[TO]]);
    expect(await a.deliveries()).toMatchObject([{ lastStatus: 250, lastAnswer: expect.stringContaining('queued as 1') }]);
  });

  it.each([
    ['RCPT TO', 550],
    ['DATA', 554],
  ] as const)('that is refused for good at %s with %i is not tried again', async (where, code) => {
    const { a, server } = await mailed();
    refuse[where]?.(server, code);
    await a.failing();
    expect(await tried(a, 1, 'failed')).toMatchObject({
      lastStatus: code,
      lastAnswer: expect.stringMatching(new RegExp(`^The mail server answered ${code}: .*so it is`)),
    });
    accept(server);
    await waits(a, server, 60_000);
    expect(server.taken).toEqual([]);
    expect(await troublesOf(a)).toEqual([['lost', 'refused', 1]]);
  });

  it('of which the answer was lost goes again under the same id, and is counted', async () => {
    const { a, server } = await mailed();
    server.atData = 'drops';
    await a.failing();
    expect(await tried(a, 1)).toMatchObject({ lastAnswer: 'localhost broke the connection.' });
    accept(server);
    await goesOn(a, 2, 'delivered');
    expect(server.taken).toHaveLength(2); // taken both times, and one mail to whoever knows its id
    expect(new Set(server.taken.map(idOf))).toEqual(new Set([expect.stringMatching(/^<.+@example\.com>$/)]));
    expect(await troublesOf(a)).toEqual([['retried', 'unreachable', 1]]);
  });
});
