import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';

export const PATH = '/services/T0123/B0123/XXXXXXXXXXXX';

/** What Slack takes for a mark: a link, a mention, or the start of an entity. */
const isEscaped = (text: string) => !/[<>]|&(?!(amp|lt|gt);)/.test(text);
const LINK = /<https?:\/\/[^\s<>|]+\|[^<>|*_~`]+>/g;

const plain = (most: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most).refine(isEscaped, 'not escaped'),
    emoji: z.literal(false),
  });
const mrkdwn = z.strictObject({
  type: z.literal('mrkdwn'),
  text: z
    .string()
    .min(1)
    .max(3_000)
    // Links of the message itself; whatever is beside them is text of others, which could hold marks.
    .refine((text) => !/[<>*_~`]/.test(text.replace(LINK, '')), 'marks'),
});
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z
    .strictObject({
      type: z.literal('section'),
      text: z.union([plain(3_000), mrkdwn]).optional(),
      fields: z.array(plain(2_000)).min(1).max(10).optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined),
]);
const message = z.strictObject({
  text: z.string().min(1).max(40_000).refine(isEscaped, 'not escaped'),
  mrkdwn: z.literal(false),
  blocks: z.array(block).min(1).max(50),
  channel: z.string().optional(),
  username: z.string().optional(),
  icon_emoji: z
    .string()
    .regex(/^:[^:]+:$/)
    .optional(),
});

const says = (word: string, status: number) => HttpResponse.text(word, { status });

/** One a second to a channel. https://docs.slack.dev/apis/web-api/rate-limits */
const LIMIT = { most: 1, perMs: 1_000 };

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const slackDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/services/*', async ({ request }) => {
      const { pathname } = new URL(request.url);
      if (pathname !== PATH) return says('no_service', 404);
      const waitMs = waitFor(pathname);
      if (waitMs !== undefined) return HttpResponse.text('rate_limited', tooMany(waitMs));
      if (!request.headers.get('content-type')?.startsWith('application/json')) return says('invalid_payload', 400);
      const { error } = message.safeParse(await request.json());
      return error ? says('invalid_blocks', 400) : says('ok', 200);
    }),
  ];
};
