import { didYouMean } from '../../did-you-mean.js';

/** What a template may read of a delivery. */
const ROOTS = ['body', 'headers', 'query'] as const;
export type Root = (typeof ROOTS)[number];

/**
 * `{{ body.items[0]["a b"]? }}`: a root, then keys of objects (`.name`, `["any key"]`) and places in arrays (`[0]`); with `?` it may
 * be missing. `{{ "text" }}` stands for that text, so that a template can hold `{{` itself.
 */
export type Placeholder = { literal: string } | { path: string; root: Root; steps: (string | number)[]; optional: boolean };

/** Thrown with words for the field that holds the placeholder. */
export class MalformedPlaceholder extends Error {}

// No two parts of these can match the same text in two ways, so that a malformed placeholder is found in linear time.
const NAME = String.raw`[A-Za-z_$][\w$-]*`;
const JSON_STRING = String.raw`"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[\dA-Fa-f]{4})*"`;
const STEP = String.raw`\.${NAME}|\[(?:0|[1-9]\d{0,8}|${JSON_STRING})\]`;
const PLACEHOLDER = new RegExp(
  String.raw`\{\{\s*(?:(?<literal>${JSON_STRING})|(?<path>(?<root>${NAME})(?<steps>(?:${STEP})*))(?<optional>\??))\s*\}\}`,
  'y',
);
/** Whoever can read a pipeline must not learn from it how to send deliveries, or what proxies and browsers sent along. */
export const SECRET_HEADERS: readonly string[] = [
  'x-hook-token',
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-worker-session',
  'webhook-signature',
];
/** They lead out of the data in JavaScript. Only own properties are read anyhow; whoever writes these should hear of it. */
const FORBIDDEN: (string | number)[] = ['__proto__', 'constructor'];

/** Cuts a text into its plain parts and its placeholders. @throws MalformedPlaceholder at the first that cannot be read */
export function parseText(text: string): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = [];
  let from = 0;
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', from)) {
    if (at > from) parts.push(text.slice(from, at));
    PLACEHOLDER.lastIndex = at;
    parts.push(placeholder(PLACEHOLDER.exec(text)?.groups, text.slice(at, at + 40)));
    from = PLACEHOLDER.lastIndex;
  }
  return from < text.length || parts.length === 0 ? [...parts, text.slice(from)] : parts;
}

function placeholder(groups: { [name: string]: string | undefined } | undefined, start: string): Placeholder {
  if (!groups) {
    const form = 'write {{ body.a["b c"][0] }}, with ? after the path when it may be missing, and {{ "{{" }} for two braces.';
    throw new MalformedPlaceholder(`${JSON.stringify(start)} does not begin with a placeholder that can be read: ${form}`);
  }
  const { literal, path = '', root: name = '', steps: tail = '', optional } = groups;
  if (literal !== undefined) return { literal: JSON.parse(literal) as string };
  const root = ROOTS.find((known) => known === name);
  if (!root) {
    const hint = didYouMean(name, ROOTS) || `; a path begins with ${ROOTS.join(', ')}.`;
    throw new MalformedPlaceholder(`A delivery has no "${name.slice(0, 64)}"${hint}`);
  }
  const steps = [...tail.matchAll(new RegExp(STEP, 'g'))].map(([step]) =>
    step.startsWith('.') ? step.slice(1) : (JSON.parse(step.slice(1, -1)) as string | number),
  );
  const forbidden = steps.find((step) => FORBIDDEN.includes(step));
  if (forbidden !== undefined) throw new MalformedPlaceholder(`"${forbidden}" cannot be read.`);
  const [header] = steps;
  if (root === 'headers' && SECRET_HEADERS.includes(String(header).toLowerCase())) {
    throw new MalformedPlaceholder(`The header ${header} may hold a secret, and is kept from templates.`);
  }
  return { path, root, steps, optional: optional === '?' };
}
