import { createHash } from 'node:crypto';

/** Text that is HTML already; everything else is escaped when it is put into a page. */
export class Markup {
  constructor(readonly text: string) {}
}

const ENTITIES: { [char: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string);

type Part = Markup | string | number | readonly Markup[] | undefined;

function render(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(({ text }: Markup) => text).join('');
  return part === undefined ? '' : escapeHtml(String(part));
}

/** A template whose values are escaped. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...parts.map(render)));
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; --accent: #2f6fdf; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
a { color: var(--accent); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { overflow: auto; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; padding: .4rem .75rem; }
summary { cursor: pointer; } .method { font-weight: 600; display: inline-block; min-width: 4rem; }
.dim { color: var(--dim); } table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
/** Nothing is loaded, framed, run or sent: the page is text and one style known by its hash. */
const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export interface Html {
  text: string;
  contentSecurityPolicy: string;
}

export function htmlPage(title: string, body: Markup): Html {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return { text: page.text, contentSecurityPolicy: CONTENT_SECURITY_POLICY };
}
