import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';

export const TOKEN = 'EAAGm0PX4ZCpsBAabcdefgh';
export const PHONE_ID = '106540352242922';
export const PROVIDER_TOKEN = 'provider-token-1';

/** Pairs of marks around words, where WhatsApp sees them. */
const isPlain = (text: string): boolean =>
  !/[*~`]/.test(text) && !/(?<![\p{L}\p{N}])_\S[^\n]*\S_(?![\p{L}\p{N}])/u.test(text) && !/^>/m.test(text);
const plain = z.string().min(1).refine(isPlain, 'marks');
const parameter = z.strictObject({
  type: z.literal('text'),
  text: plain.refine(
    (text) => !/[\n\t]| {4,}/.test(text),
    'Param text cannot have new-line/tab characters or more than 4 consecutive spaces',
  ),
});
const common = {
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual'),
  to: z.string().regex(/^\+?[1-9]\d{6,14}$/),
};
const message = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('template'),
    template: z.strictObject({
      name: z.literal('pipelogiq_alert'),
      language: z.strictObject({ code: z.literal('en') }),
      components: z
        .array(
          z.strictObject({
            type: z.literal('body'),
            parameters: z
              .array(parameter)
              .length(2)
              .refine((all) => all.reduce((sum, { text }) => sum + text.length, 0) <= 900, 'longer than the template leaves'),
          }),
        )
        .length(1),
    }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('text'),
    text: z.strictObject({ preview_url: z.boolean(), body: plain.max(4_096) }),
  }),
]);

const refusal = (status: number, code: number, message: string) =>
  HttpResponse.json({ error: { message, type: 'OAuthException', code, fbtrace_id: 'x' } }, { status });

/** Of a phone number, at its first tier. https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput */
const LIMIT = { most: 80, perMs: 1_000 };

const limited = (waitMs: number) =>
  HttpResponse.json(
    { error: { message: '(#130429) Rate limit hit', type: 'OAuthException', code: 130_429, fbtrace_id: 'x' } },
    tooMany(waitMs),
  );

/** https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages */
export const whatsappDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/v23.0/:phone/messages', async ({ request, params }) => {
      if (request.headers.get('authorization') !== `Bearer ${TOKEN}`) return refusal(401, 190, 'Invalid OAuth access token');
      if (params.phone !== PHONE_ID) return refusal(400, 100, 'Unsupported post request');
      const waitMs = waitFor(PHONE_ID);
      if (waitMs !== undefined) return limited(waitMs);
      const { error } = message.safeParse(await request.json());
      if (error) return refusal(400, 100, `(#100) ${error.issues[0]?.message}`);
      return HttpResponse.json({ messaging_product: 'whatsapp', messages: [{ id: 'wamid.1' }] });
    }),
    http.post('*/send', async ({ request }) => {
      if (request.headers.get('authorization') !== `Bearer ${PROVIDER_TOKEN}`) return HttpResponse.text('who?', { status: 401 });
      const waitMs = waitFor(PROVIDER_TOKEN);
      if (waitMs !== undefined) return HttpResponse.text('slow down', tooMany(waitMs));
      const { error } = z
        .strictObject({ id: z.string(), to: z.string(), text: plain.max(4_096) })
        .safeParse(await request.json());
      return HttpResponse.text(error ? error.message : 'sent', { status: error ? 400 : 200 });
    }),
  ];
};
