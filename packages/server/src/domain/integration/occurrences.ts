/** Characters of a form that are looked for before all of them are. */
const PROBE = 16;

/** Calls back with the end of each occurrence, also of those that overlap, in a time that grows with the text alone. */
export function eachEnd(text: string, form: string, found: (end: number) => void): void {
  const from = text.indexOf(form.slice(0, PROBE)); // of a whole one `indexOf` may compare all characters at every place
  if (from >= 0) follow(text, from, form, found);
}

/** How many characters at the end of a text are the first ones of a form, but not all of it. */
export const begunAtEnd = (text: string, form: string): number => follow(text, Math.max(0, text.length - form.length + 1), form);

/** Knuth, Morris and Pratt: how much of the form the text ends with. */
function follow(text: string, from: number, form: string, found?: (end: number) => void): number {
  const borders = bordersOf(form);
  let length = 0;
  for (let at = from; at < text.length; at++) {
    length = grown(form, borders, length, text.charCodeAt(at));
    if (length < form.length) continue;
    found?.(at + 1);
    length = borders[length] as number;
  }
  return length;
}

/** For each beginning of a form the length of the longest shorter one that it ends with. */
function bordersOf(form: string): Int32Array {
  const borders = new Int32Array(form.length + 1);
  for (let length = 1; length < form.length; length++) {
    borders[length + 1] = grown(form, borders, borders[length] as number, form.charCodeAt(length));
  }
  return borders;
}

function grown(form: string, borders: Int32Array, length: number, unit: number): number {
  let fits = length;
  while (fits > 0 && form.charCodeAt(fits) !== unit) fits = borders[fits] as number;
  return form.charCodeAt(fits) === unit ? fits + 1 : 0;
}
