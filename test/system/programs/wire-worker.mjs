// A worker of the bare protocol without heartbeats: takes one job and acks it when its parent says so, however late that is.
const { url, apiKey } = JSON.parse(process.argv[2]);
const tell = (event, more = {}) => process.send?.({ event, ...more });

async function post(path, body, session) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(session && { 'x-worker-session': session.sessionToken }),
    },
    body: JSON.stringify(session ? { workerId: session.workerId, ...body } : body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${answer.detail}`);
  return answer;
}

const told = new Promise((resolve) => process.once('message', resolve));
const session = await post('/workers/bootstrap', { workerName: 'late', supportedHandlers: ['work'] });
tell('started');
const { jobs } = await post('/jobs/pull', { pullSeq: 1, handlers: ['work'], maxJobs: 1, waitMs: 30_000 }, session);
const [job] = jobs;
tell('job_started', { job });
const { finish: output } = await told;
const { settled } = await post('/jobs/ack', { acks: [{ id: job.id, fencingToken: job.fencingToken, output }] }, session);
tell('answered', { job, settled: settled[0] });
