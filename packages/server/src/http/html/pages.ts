import type { OpenApiDocument } from '../openapi.js';
import { PROBLEMS } from '../problems.js';
import { type Html, html, htmlPage, type Markup } from './page.js';

export type { Html };

/** Where a browser lands. */
export function indexPage(version: string, links: { [name: string]: string }): Html {
  const items = Object.entries(links).map(
    ([name, href]) => html`<li><a href="${href}">${name}</a> <code class="dim">${href}</code></li>\n`,
  );
  return htmlPage(
    'Pipelogiq',
    html`<h1>Pipelogiq</h1>
<p>The control plane is running. <span class="dim">Version ${version}</span></p>
<ul>
${items}</ul>`,
  );
}

/** Where the dashboard would be. */
export function missingDashboardPage(): Html {
  return htmlPage(
    'Pipelogiq',
    html`<h1>The dashboard is not built</h1>
<p>The control plane is running; only its pages are missing. In the repository, build them with</p>
<pre>npm run build</pre>
<p>and reload this page. The package <code>@pipelogiq/server</code> has them in <code>dist/dashboard</code>: a bundler that copies the server's code must copy that folder beside it.</p>`,
  );
}

type Operation = NonNullable<NonNullable<OpenApiDocument['paths']>[string]['get']> & { 'x-pipelogiq-access'?: string };
interface Listed {
  method: string;
  path: string;
  operation: Operation;
}

function operationsOf({ paths = {} }: OpenApiDocument): Listed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as { [method: string]: Operation }).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

const tagOf = ({ operation }: Listed) => operation.tags?.[0] ?? 'Other';

const pretty = (value: unknown): Markup => html`<pre>${JSON.stringify(value, null, 2)}</pre>`;

function schemasIn(title: string, content: { [type: string]: { schema?: unknown } } | undefined): Markup | undefined {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema === undefined ? undefined : html`<h4>${title}</h4>${pretty(schema)}`;
}

type Responses = { [status: string]: { description?: string; content?: { [type: string]: { schema?: unknown } } } };

function operationMarkup({ method, path, operation }: Listed): Markup {
  const responses = Object.entries((operation.responses ?? {}) as Responses);
  const parameters = (operation.parameters ?? []) as { name?: string; in?: string; description?: string }[];
  const body = operation.requestBody as { content?: { [type: string]: { schema?: unknown } } } | undefined;
  return html`<details id="${operation.operationId}">
<summary><span class="method">${method}</span> <code>${path}</code> — ${operation.summary} <span class="dim">(${operation['x-pipelogiq-access']})</span></summary>
${parameters.map((it) => html`<p><code>${it.name}</code> <span class="dim">${it.in}</span> ${it.description}</p>`)}
${schemasIn('Body', body?.content)}
<table>${responses.map(([status, it]) => html`<tr><th>${status}</th><td>${it.description}</td></tr>`)}</table>
${responses.filter(([status]) => status.startsWith('2')).map(([, it]) => schemasIn('Answer', it.content) ?? html``)}
</details>
`;
}

/** The OpenAPI document as a page that needs no script, no network and no asset. */
export function docsPage(document: OpenApiDocument, prefix: string): Html {
  const operations = operationsOf(document);
  const tags = new Set(operations.map(tagOf));
  const sections = [...tags].map(
    (tag) => html`<h2>${tag}</h2>\n${operations.filter((listed) => tagOf(listed) === tag).map(operationMarkup)}`,
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) => html`<details id="schema-${name}"><summary><code>${name}</code></summary>${pretty(schema)}</details>\n`,
  );
  return htmlPage(
    'Pipelogiq API',
    html`<h1>Pipelogiq API</h1>
<p>${document.info.description} <a href="${prefix}/openapi.json">openapi.json</a> · <a href="${prefix}/docs/errors">errors</a></p>
${sections}
<h2>Schemas</h2>
${schemas}`,
  );
}

/** One section a code: the `type` of every problem leads here. */
export function errorsPage(version: string, prefix: string): Html {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, advice }]) =>
      html`<tr id="${code}"><th><code>${code}</code></th><td>${status}</td><td>${title}. ${advice}</td></tr>\n`,
  );
  return htmlPage(
    'Pipelogiq errors',
    html`<h1>Errors</h1>
<p>Every refusal is <code>application/problem+json</code> (RFC 9457) with one of these codes. <a href="${prefix}/docs">API</a> <span class="dim">Version ${version}</span></p>
<table><tr><th>code</th><th>status</th><th></th></tr>
${rows}</table>`,
  );
}
