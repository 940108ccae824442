import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Somebody else's service, on this machine: answers as `status` whatever is asked, at `port`, so that its address reads the same in each
 * picture. It ends with the process. Returns its address.
 */
export async function aTool(port, status, body) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end(body));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  server.unref();
  return `http://127.0.0.1:${port}`;
}
