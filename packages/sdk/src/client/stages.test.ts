import { expect, it, onTestFinished } from 'vitest';
import { NotFoundError } from '../errors.js';
import { createTransport } from '../transport/create-transport.js';
import { localServer, problem, type Reply } from '../transport/local-server.fixture.js';
import { Stages } from './stages.js';

async function stagesAt(answer: Reply) {
  const server = await localServer(() => answer);
  const transport = createTransport(() => ({ url: server.url, apiKey: 'k' }), { maxAttempts: 1 });
  onTestFinished(() => transport.close());
  return { stages: new Stages(transport), requests: server.requests };
}

it('asks for the diagnosis of a stage', async () => {
  const diagnosis = { stageId: '7', status: 'pending', runnable: true, reasons: [], checkedAt: '2030-01-01T00:00:00.000Z' };
  const { stages, requests } = await stagesAt({ status: 200, json: diagnosis });
  expect(await stages.diagnosis('7')).toEqual(diagnosis);
  expect(requests).toMatchObject([{ method: 'GET', path: '/stages/7/diagnosis' }]);
});

it('throws when there is no such stage', async () => {
  const { stages } = await stagesAt(problem(404, 'not_found'));
  await expect(stages.diagnosis('7')).rejects.toBeInstanceOf(NotFoundError);
});
