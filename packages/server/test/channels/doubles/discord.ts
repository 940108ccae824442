import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';
import { refusedBy } from './schema.js';

export const PATH = '/api/webhooks/123456789/aToken_of-Discord';

const LINK = /\[(?:\\.|[^\\[\]])*\]\(<https?:\/\/[^\s<>]+>\)/g;
/** What is left without links of the message and escaped marks must hold no mark. */
const isEscaped = (value: string): boolean =>
  !/[\\*_~`|<>[\]@#]/.test(value.replace(LINK, '').replace(/\\[^\p{L}\p{N}\s]/gu, ''));
const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((value) => value.trim() !== '', 'is required')
    .refine(isEscaped, 'marks');

const field = z.strictObject({ name: text(256), value: text(1_024), inline: z.boolean() });
const embed = z
  .strictObject({
    title: text(256),
    description: text(4_096).optional(),
    color: z.int().min(0).max(0xffffff),
    timestamp: z.iso.datetime(),
    url: z.url().optional(),
    fields: z.array(field).max(25),
  })
  .refine(({ title, description = '', fields }) => {
    const size = fields.reduce((sum, { name, value }) => sum + name.length + value.length, title.length + description.length);
    return size <= 6_000;
  }, 'Embed size exceeds maximum size of 6000');
const message = z.strictObject({
  content: text(2_000),
  embeds: z.array(embed).max(10),
  allowed_mentions: z.strictObject({ parse: z.array(z.string()).length(0) }),
  username: z.string().min(1).max(80).optional(),
});

/** Of a webhook, as its answers say. https://discord.com/developers/docs/topics/rate-limits */
const LIMIT = { most: 5, perMs: 2_000 };

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export const discordDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/api/webhooks/:id/:token', async ({ request }) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== PATH) return HttpResponse.json({ message: 'Unknown Webhook', code: 10_015 }, { status: 404 });
      const waitMs = waitFor(pathname);
      if (waitMs !== undefined) {
        const said = { message: 'You are being rate limited.', retry_after: waitMs / 1_000, global: false };
        return HttpResponse.json(said, tooMany(waitMs));
      }
      const refused = await refusedBy(message, request);
      if (refused) return refused;
      // Without `wait` Discord says nothing of the message.
      return searchParams.get('wait') === 'true'
        ? HttpResponse.json({ id: '1' })
        : HttpResponse.json({ message: 'wait' }, { status: 400 });
    }),
  ];
};
