/** The parts that all charts share: one look, one way to write SVG. The marks are drawn in charts/*.ts. */

export const WIDTH = 760;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Makes text safe inside HTML and SVG, in attributes too. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One element: `el('rect', { x: 1 })`. Children are markup already; text goes in through {@link label}. */
export function el(name: string, attributes: Attributes = {}, children = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escaped(String(value))}"`)
    .join('');
  return children === '' ? `<${name}${written}/>` : `<${name}${written}>${children}</${name}>`;
}

/** A tenth of a unit is finer than a screen shows. */
const round = (value: number): number => Math.round(value * 10) / 10;

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return el('text', { x, y, ...attributes }, escaped(text));
}

/** A mark with a tooltip. */
export const titled = (mark: string, title: string): string => el('g', {}, `${el('title', {}, escaped(title))}${mark}`);

export interface Frame {
  id: string;
  /** What a screen reader says instead of the picture. */
  title: string;
  description: string;
  height: number;
}

/** Wraps marks into a document that stands alone and also fits into an HTML page; it follows the reader's light or dark. */
export function frame({ id, title, description, height }: Frame, marks: readonly string[]): string {
  const head = `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-desc">${escaped(description)}</desc>`;
  return el(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'chart',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
    },
    `${head}<style>${STYLE}</style>\n${marks.join('\n')}\n`,
  );
}

/** Horizontal lines with their values at the left. */
export function yAxis(ticks: readonly { y: number; text: string }[], left: number, right: number): string {
  return el(
    'g',
    { class: 'axis' },
    ticks
      .map(({ y, text }) => el('line', { x1: left, x2: right, y1: y, y2: y }) + label(left - 8, y + 4, text, { class: 'end' }))
      .join(''),
  );
}

/** Vertical lines with their values below. */
export function xAxis(ticks: readonly { x: number; text: string }[], top: number, bottom: number): string {
  return el(
    'g',
    { class: 'axis' },
    ticks
      .map(({ x, text }) => el('line', { x1: x, x2: x, y1: top, y2: bottom }) + label(x, bottom + 20, text, { class: 'mid' }))
      .join(''),
  );
}

/** 1,659,136,392 → "$1.66 bn", 218,646,872,843 → "$219 bn". */
export function dollars(amount: number): string {
  for (const [size, unit] of [
    [1e9, ' bn'],
    [1e6, ' m'],
    [1e3, ' k'],
  ] as const) {
    if (amount < size) continue;
    const digits = size === 1e9 && amount < 100 * size ? 2 : 0;
    return `$${(amount / size).toFixed(digits)}${unit}`;
  }
  return `$${amount.toFixed(0)}`;
}

/** 0.5 → "0.5×", 10 → "10×". */
export const times = (factor: number): string => `${Number(factor.toPrecision(2))}×`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

const STYLE = [
  '.chart{--ink:#221f1a;--soft:#7a7266;--line:#e2dbcf;--paper:#fffdf9;--main:#b3272d;--second:#c79a3b;--pale:#e7c9bd}',
  '@media(prefers-color-scheme:dark){.chart{--ink:#efe9de;--soft:#a09789;--line:#37322b;--paper:#1d1a16;--main:#ef6a5e;--second:#e2b857;--pale:#5b3a35}}',
  '.chart{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;max-width:100%;height:auto}',
  '.chart text{fill:var(--ink)}.chart .soft,.chart .axis text{fill:var(--soft);font-size:12px}',
  '.chart .axis line{stroke:var(--line)}.chart .end{text-anchor:end}.chart .mid{text-anchor:middle}',
  '.chart .strong{font-weight:600}.chart .main{fill:var(--main)}.chart .second{fill:var(--second)}.chart .pale{fill:var(--pale)}',
  '.chart .rule{stroke:var(--ink);stroke-dasharray:3 4;opacity:.55}.chart .link{stroke:var(--pale);stroke-width:3}',
  '.chart .dot{fill:var(--soft);opacity:.22}.chart .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}',
  '.chart .ring{fill:none;stroke:var(--paper);stroke-width:1.5}.chart .trend{fill:none;stroke:var(--ink);stroke-width:1.5;opacity:.6}',
].join('');
