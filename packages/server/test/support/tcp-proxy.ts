import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What passes the proxy. `passOn` sends it to the other side; `cut` ends the connection in both directions at once. */
export interface Passage {
  from: 'client' | 'server';
  data: Buffer;
  passOn(): void;
  cut(): void;
}

export interface TcpProxy {
  /** The target's URL, through the proxy. */
  url: string;
  /** Takes the decision over everything that passes; without one all is passed on. */
  watch(watcher: ((passage: Passage) => void) | undefined): void;
}

/** A proxy before a server of the loopback, that can lose a connection at a chosen byte. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const url = new URL(target);
  const { hostname, port } = url;
  let watcher: ((passage: Passage) => void) | undefined;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = [client, server];
    const cut = () => pair.forEach((socket) => void socket.destroy());
    for (const socket of pair) sockets.add(socket.on('error', cut).on('close', cut));
    const pass = (from: Passage['from'], to: Socket) => (data: Buffer) => {
      const passOn = () => void to.write(data);
      if (watcher) watcher({ from, data, passOn, cut });
      else passOn();
    };
    client.on('data', pass('client', server));
    server.on('data', pass('server', client));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  url.port = String((proxy.address() as AddressInfo).port);
  return {
    url: url.href,
    watch: (next) => {
      watcher = next;
    },
  };
}
