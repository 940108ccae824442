import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';

export const SID = `AC${'0'.repeat(31)}1`;
export const TOKEN = 'auth-token-of-the-account';

const number = z.string().regex(/^\+[1-9]\d{6,14}$/);
const Body = z
  .string()
  .min(1)
  .max(1_600)
  .refine((text) => text.trim() !== '');
const sms = z.union([
  z.strictObject({ To: number, From: z.string().min(1), Body }),
  z.strictObject({ To: number, MessagingServiceSid: z.string().regex(/^MG[0-9a-f]{32}$/), Body }),
]);
/** What XML 1.0 allows in a text: characters of its own, and no mark that is not escaped. */
const SAY = /^<Response><Say language="[^"<>&]*" loop="\d+">(?:[^<>&]|&(?:amp|lt|gt|quot|apos);)+<\/Say><\/Response>$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML refuses these
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
const call = z.strictObject({
  To: number,
  From: number,
  Twiml: z
    .string()
    .max(4_000)
    .regex(SAY)
    .refine((xml) => !FORBIDDEN.test(xml), 'characters that XML forbids'),
});

/** Of an account, which may have so many requests under way. https://www.twilio.com/docs/api/errors/20429 */
const LIMIT = { most: 100, perMs: 1_000 };

const resource = (name: string, schema: z.ZodType, waitFor: ReturnType<typeof limiter>) =>
  http.post(`*/2010-04-01/Accounts/:sid/${name}.json`, async ({ request, params }) => {
    const expected = `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`;
    if (params.sid !== SID || request.headers.get('authorization') !== expected) {
      return HttpResponse.json({ code: 20_003, message: 'Authenticate', status: 401 }, { status: 401 });
    }
    const waitMs = waitFor(SID);
    if (waitMs !== undefined) {
      const said = {
        code: 20_429,
        message: 'Too Many Requests',
        more_info: 'https://www.twilio.com/docs/errors/20429',
        status: 429,
      };
      return HttpResponse.json(said, tooMany(waitMs));
    }
    if (request.headers.get('content-type') !== 'application/x-www-form-urlencoded') {
      return HttpResponse.json({ code: 20_001, message: 'no form', status: 400 }, { status: 400 });
    }
    const { error } = schema.safeParse(Object.fromEntries(new URLSearchParams(await request.text())));
    if (error) return HttpResponse.json({ code: 21_617, message: error.issues[0]?.message, status: 400 }, { status: 400 });
    return HttpResponse.json({ sid: 'SM1', status: 'queued' }, { status: 201 });
  });

/** https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/voice/api/call-resource */
export const twilioDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [resource('Messages', sms, waitFor), resource('Calls', call, waitFor)];
};
