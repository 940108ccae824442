import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Changes } from '../support/events.js';

/** One arrival of a message at the receiver. */
export interface Arrival {
  /** `webhook-id`. */
  id: string;
  pipelineId: string;
  /** How often the server had been killed before. */
  life: number;
  /** The receiver took it and kept its answer to itself. */
  answerLost: boolean;
}

/** Takes webhooks on the loopback, writes each down, and loses the answers to some. */
export class AlertReceiver {
  readonly arrivals: Arrival[] = [];
  readonly told = new Set<string>();
  life = 0;
  url = '';
  readonly #changes = new Changes();
  readonly #losing: number;
  readonly #server = createServer();

  /** @param losing - one answer of so many is lost, that to the first arrival of a message alone */
  constructor(losing: number) {
    this.#losing = losing;
  }

  async listen(): Promise<void> {
    this.#server.on('request', async (request, response) => {
      const text = await textOf(request).catch(() => undefined);
      if (text === undefined) return; // the server was killed while it sent
      const answerLost = this.#take(String(request.headers['webhook-id']), text);
      if (answerLost) request.socket.destroy();
      else response.end();
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  until(condition: () => boolean): Promise<void> {
    return this.#changes.until(condition);
  }

  /** Lets everybody who waits look again. */
  wake(): void {
    this.#changes.changed();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take(id: string, text: string): boolean {
    const { data } = JSON.parse(text) as { data: { labels: { pipeline_id: string } } };
    const isFirst = !this.arrivals.some((arrival) => arrival.id === id);
    const answerLost = isFirst && this.told.size % this.#losing === this.#losing - 1;
    this.arrivals.push({ id, pipelineId: data.labels.pipeline_id, life: this.life, answerLost });
    this.told.add(data.labels.pipeline_id);
    this.#changes.changed();
    return answerLost;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
