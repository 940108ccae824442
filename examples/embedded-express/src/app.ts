import { NotFoundError, type Pipelogiq, PipelogiqError } from '@pipelogiq/sdk';
import type { ControlPlane } from '@pipelogiq/server';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { ZodError } from 'zod';
import { Order, order } from './orders.js';

export interface AppDeps {
  controlPlane: Pick<ControlPlane, 'handler'>;
  pipelogiq: Pick<Pipelogiq, 'pipelines'>;
}

/** The shop: its own routes, and the whole control plane under /pipelogiq. */
export function createApp({ controlPlane, pipelogiq }: AppDeps): Express {
  const app = express();

  // Before express.json(): the control plane reads its bodies itself. It asks for an API key on every route of its own.
  app.use('/pipelogiq', controlPlane.handler);
  app.use(express.json());

  app.post('/orders', async (request, response) => {
    const input = Order.parse(request.body);
    const idempotencyKey = request.get('idempotency-key');
    const { id, traceId, created } = await pipelogiq.pipelines.create(order, input, {
      keywords: ['shop'],
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    response
      .status(created ? 202 : 200)
      .location(`/orders/${id}`)
      .json({ id, traceId });
  });

  app.get('/orders/:id', async (request, response) => {
    const { id } = request.params;
    const pipeline = await pipelogiq.pipelines.get(id);
    if (pipeline.name !== order.name) {
      response.status(404).json({ error: 'no such order' });
      return;
    }
    const stages = await pipelogiq.pipelines.stages(id);
    response.json({
      id,
      status: pipeline.status,
      stages: stages.map(({ name, status, error }) => ({ name, status, ...(error && { error: error.message }) })),
      invoice: stages.find((stage) => stage.name === 'invoice')?.output ?? null,
      label: stages.find((stage) => stage.name === 'label')?.output ?? null,
    });
  });

  app.use(answerErrors);
  return app;
}

const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) next(error);
  else if (error instanceof ZodError) response.status(400).json({ error: 'not an order', issues: error.issues });
  else if (error instanceof NotFoundError) response.status(404).json({ error: 'no such order' });
  else if (error instanceof PipelogiqError) response.status(error.status ?? 503).json({ error: error.message, code: error.code });
  else next(error);
};
