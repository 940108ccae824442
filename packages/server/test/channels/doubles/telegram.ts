import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, secondsOf } from './limit.js';

export const TOKEN = '123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11';
export const CHAT = '-1001234567890';

const refusal = (error_code: number, description: string, parameters?: object) =>
  HttpResponse.json({ ok: false, error_code, description, ...(parameters && { parameters }) }, { status: error_code });

const sendMessage = z.strictObject({
  chat_id: z.union([z.string(), z.number()]),
  message_thread_id: z.int().optional(),
  text: z.string().min(1),
  parse_mode: z.literal('HTML'),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
  disable_notification: z.boolean().optional(),
});

const TAG = /^<(\/?)(b|i|u|s|code|pre|a)( href="(?:[^"<>&]|&(?:lt|gt|amp|quot|#\d+);)*")?>/;
const ENTITY = /^&(lt|gt|amp|quot|#\d+);/;

/** The text without its entities, or what Telegram cannot read in it. */
function parseHtml(html: string): { text: string } | { problem: string } {
  const open: string[] = [];
  let text = '';
  for (let at = 0; at < html.length; ) {
    const rest = html.slice(at, at + 4_000);
    const [whole, closing, tag = ''] = TAG.exec(rest) ?? [];
    const [entity] = ENTITY.exec(rest) ?? [];
    if (whole !== undefined) {
      if (closing && open.pop() !== tag) return { problem: `Unmatched end tag at byte offset ${at}` };
      if (!closing) open.push(tag);
      at += whole.length;
    } else if (rest.startsWith('<') || rest.startsWith('>')) return { problem: `Unsupported start tag at byte offset ${at}` };
    else if (rest.startsWith('&') && entity === undefined) return { problem: `a bare & at byte offset ${at}` };
    else {
      text += entity === undefined ? rest[0] : '.';
      at += entity?.length ?? 1;
    }
  }
  return open.length > 0 ? { problem: `Can't find end tag corresponding to start tag ${open.at(-1)}` } : { text };
}

/** Of a group. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this */
const LIMIT = { most: 20, perMs: 60_000 };

/** Says in its body alone how long to wait. */
const limited = (waitMs: number) =>
  refusal(429, `Too Many Requests: retry after ${secondsOf(waitMs)}`, { retry_after: secondsOf(waitMs) });

/** https://core.telegram.org/bots/api#sendmessage */
export const telegramDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/bot:token/sendMessage', async ({ request, params }) => {
      if (params.token !== TOKEN) return refusal(401, 'Unauthorized');
      if (!request.headers.get('content-type')?.startsWith('application/json')) return refusal(400, 'Bad Request: no JSON');
      const { data, error } = sendMessage.safeParse(await request.json());
      if (!data) return refusal(400, `Bad Request: ${error.issues[0]?.path.join('.')} ${error.issues[0]?.message}`);
      if (String(data.chat_id) !== CHAT) return refusal(400, 'Bad Request: chat not found');
      const waitMs = waitFor(CHAT);
      if (waitMs !== undefined) return limited(waitMs);
      const parsed = parseHtml(data.text);
      if ('problem' in parsed) return refusal(400, `Bad Request: can't parse entities: ${parsed.problem}`);
      if (parsed.text.trim() === '') return refusal(400, 'Bad Request: message text is empty');
      if (data.text.length > 4_096) return refusal(400, 'Bad Request: message is too long');
      return HttpResponse.json({ ok: true, result: { message_id: 1, chat: { id: Number(CHAT) } } });
    }),
  ];
};
