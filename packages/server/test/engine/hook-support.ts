import type { CreateHook, HookSaved, Page, PipelineCreated, PipelineSummary } from '@pipelogiq/protocol';
import { Webhook } from 'standardwebhooks';
import { type Harness, harness } from './support.js';

export const ORDERS: CreateHook = {
  name: 'orders',
  template: {
    name: 'order {{ body.order.id }}',
    keywords: ['source {{ headers.X-Source? }}', 'from {{ query.source? }}'],
    stages: [{ name: 'charge', handler: 'a', input: '{{ body.order }}', maxAttempts: '{{ body.attempts }}' }],
  },
};
export const BODY = { order: { id: 42, lines: [{ sku: 'x' }] }, attempts: 5 };

interface Delivered {
  status: number;
  answer: PipelineCreated & { code?: string; detail?: string; errors?: { path: string; message: string }[] };
}

/** Servers on PostgreSQL make none by themselves. */
export const SECRET_KEY = 'a secret key of 32 or more characters';

/** A server with a hook, and what its sender does: it has no API key. */
export async function hooked(request: Partial<CreateHook> = {}, options: Parameters<typeof harness>[0] = {}) {
  const h = await harness({ secretKey: SECRET_KEY, ...options });
  const hook = await h.call<HookSaved>('POST', '/hooks', { ...ORDERS, ...request });
  return { ...h, hook, ...senderOf(h, hook) };
}

export function senderOf({ controlPlane, call }: Harness, hook: HookSaved) {
  const { url, fetch } = controlPlane.connection();
  const post = async (body: unknown, headers: Record<string, string>, path = `/hooks/${hook.name}`): Promise<Delivered> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as Delivered['answer'] };
  };
  return {
    post,
    /** With the hook's token. */
    deliver: (body: unknown = BODY, headers: Record<string, string> = {}, path?: string) =>
      post(body, { 'x-hook-token': hook.token ?? '', ...headers }, path),
    pipelines: async () => (await call<Page<PipelineSummary>>('GET', '/pipelines')).items,
  };
}

/** Signs as a sender with the library of Standard Webhooks does, by the test's clock. */
export function signed(secret: string, id: string, body: string, at: number): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  };
}
