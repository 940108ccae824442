import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

const PATH = '/services/T0123/B0123/XXXXXXXXXXXX';
const BUSY = '/services/busy';

export interface SlackDouble {
  /** URL of its incoming webhook. */
  webhook: string;
  /** URL of one that was removed. */
  gone: string;
  /** URL of one that Slack has no time for. */
  busy: string;
  /** The texts of what it took. */
  texts: string[];
}

/** A stand-in for Slack on the loopback: takes messages at its one webhook, and says so in Slack's words. */
export async function aSlack(): Promise<SlackDouble> {
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (request.url === BUSY) return response.writeHead(503).end('service_unavailable');
    if (request.url !== PATH) return response.writeHead(404).end('no_service');
    const message = JSON.parse(body) as { text?: string; blocks?: unknown[] };
    if (!message.text || !message.blocks?.length) return response.writeHead(400).end('invalid_payload');
    texts.push(message.text);
    return response.writeHead(200).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { webhook: `${base}${PATH}`, gone: `${base}/services/gone`, busy: `${base}${BUSY}`, texts };
}
