/** Throws when tags do not nest, or when an attribute or text holds a bare `&` or `<`. Enough for markup of our own. */
export function assertWellFormed(markup: string): void {
  const open: string[] = [];
  const tag = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;
  let at = 0;
  while (at < markup.length) {
    if (markup[at] !== '<') {
      const next = markup.indexOf('<', at);
      const text = markup.slice(at, next < 0 ? undefined : next);
      if (/&(?!(amp|lt|gt|quot|#\d+);)/.test(text) && open.at(-1) !== 'style')
        throw new Error(`bare & in "${text.slice(0, 60)}"`);
      at = next < 0 ? markup.length : next;
      continue;
    }
    tag.lastIndex = at;
    const match = tag.exec(markup);
    if (!match) throw new Error(`no tag at "${markup.slice(at, at + 60)}"`);
    const [all, closing, name = '', , selfClosing] = match;
    if (closing) {
      const expected = open.pop();
      if (expected !== name) throw new Error(`</${name}> closes <${expected}>`);
    } else if (!selfClosing) open.push(name);
    at += all.length;
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(', ')}`);
}
