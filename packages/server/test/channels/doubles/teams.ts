import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';
import { refusedBy } from './schema.js';

const SIGNATURE = 'AbC-dEf_0123456789';
export const URL_PATH = `/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sig=${SIGNATURE}`;
const MAX_BYTES = 28_000;

/** Cards fill these in wherever text stands. */
const text = z
  .string()
  .min(1)
  .refine((value) => !/\{\{(DATE|TIME)\(/.test(value), 'a function');
const textRun = z.strictObject({
  type: z.literal('TextRun'),
  text,
  weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
  size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).optional(),
  color: z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']).optional(),
});
const richTextBlock = z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(textRun).min(1) });
/** Without `wrap` the text is cut at the end of its first line. */
const textBlock = z.strictObject({ ...textRun.shape, type: z.literal('TextBlock'), wrap: z.literal(true) });
const element = z.discriminatedUnion('type', [richTextBlock, textBlock]);
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.0', '1.1', '1.2', '1.3', '1.4']),
  msteams: z.strictObject({ width: z.literal('Full') }).optional(),
  body: z.array(element).min(1),
  actions: z
    .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string().min(1), url: z.url() }))
    .max(6)
    .optional(),
});
const message = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({ contentType: z.literal('application/vnd.microsoft.card.adaptive'), contentUrl: z.null(), content: card }),
    )
    .length(1),
});

/** Four a second. https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#rate-limiting-for-connectors */
const LIMIT = { most: 4, perMs: 1_000 };

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
export const teamsDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/workflows/:id/triggers/manual/paths/invoke', async ({ request, params }) => {
      const { searchParams } = new URL(request.url);
      if (searchParams.get('api-version') === null)
        return HttpResponse.json({ error: { code: 'MissingApiVersionParameter' } }, { status: 400 });
      if (searchParams.get('sig') !== SIGNATURE) {
        return HttpResponse.json({ error: { code: 'DirectApiAuthorizationRequired' } }, { status: 401 });
      }
      const waitMs = waitFor(String(params.id));
      if (waitMs !== undefined) {
        const error = { code: 'TooManyRequests', message: 'Rate limit is exceeded.' };
        return HttpResponse.json({ error }, tooMany(waitMs));
      }
      const body = await request.clone().arrayBuffer();
      if (body.byteLength > MAX_BYTES) return HttpResponse.json({ error: { code: 'RequestEntityTooLarge' } }, { status: 413 });
      return (await refusedBy(message, request)) ?? new HttpResponse(null, { status: 202 });
    }),
  ];
};
