// Stand-ins for five providers, in a process of their own: each takes what is sent to it, answers as the provider does, and counts.
// Told `count`, it says how many messages each has taken, and how many of them twice. Others, by number, note when each message came, which
// `arrivals` says once; `silence` takes what it is sent and never answers.
import { createServer } from 'node:http';
import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_LOW); // providers are elsewhere: they take no processor from who sends

const json = (status, body) => (response) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** How each answers; messages are told apart by what the provider would tell them apart by. */
const PROVIDERS = {
  webhook: { answer: json(200, {}), idOf: ({ headers }) => headers['webhook-id'] },
  slack: { answer: (response) => response.writeHead(200).end('ok') },
  discord: { answer: json(200, { id: '1' }) },
  telegram: { answer: json(200, { ok: true, result: { message_id: 1 } }) },
  pagerduty: { answer: json(202, { status: 'success' }), idOf: (_, body) => JSON.parse(body).dedup_key },
};

const taken = new Map(Object.keys(PROVIDERS).map((name) => [name, { messages: 0, twice: 0, ids: new Set() }]));

let arrivals = [];

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const [, name, number] = request.url.split(/[/?]/);
  if (name === 'silence') return;
  if (name === 'channel') {
    arrivals.push({ channel: number, pipelineId: JSON.parse(body).data.labels.pipeline_id, at: Date.now() });
    json(200, {})(response);
    return;
  }
  const { answer, idOf } = PROVIDERS[name];
  const count = taken.get(name);
  const id = idOf?.(request, body);
  if (id !== undefined && count.ids.has(id)) count.twice += 1;
  if (id !== undefined) count.ids.add(id);
  count.messages += 1;
  answer(response);
});

process.on('message', ({ what }) => {
  if (what === 'arrivals') {
    process.send({ arrivals });
    arrivals = [];
    return;
  }
  const counts = Object.fromEntries([...taken].map(([name, { messages, twice }]) => [name, { messages, twice }]));
  process.send({ counts });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
