import { createServer } from 'node:http';

/** Somebody else's service, on this machine: answers as `status` whatever is asked. It ends with the process. Returns its address. */
export async function aTool(status, body) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}
