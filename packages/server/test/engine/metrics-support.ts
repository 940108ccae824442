import type { Harness } from './support.js';

/** One line of a scrape: `name{a="b"} 1`. */
export interface Line {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)(?: # .*)?$/;

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** Scrapes, and finds the one value with these labels among others; 0 where there is none. */
export async function metricsOf({ send }: Pick<Harness, 'send'>): Promise<Scrape> {
  const response = await send('GET', '/metrics');
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  const lines = linesOf(text);
  return {
    text,
    lines,
    value: (name, labels = {}) => {
      const found = lines.filter(
        (line) => line.name === name && Object.entries(labels).every(([key, text]) => line.labels[key] === text),
      );
      if (found.length > 1) throw new Error(`${found.length} lines: ${JSON.stringify(found)}`);
      return found[0]?.value ?? 0;
    },
  };
}

export interface Scrape {
  text: string;
  lines: Line[];
  value(name: string, labels?: Record<string, string>): number;
}
