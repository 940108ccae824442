/** Code 39 (ISO/IEC 16388): nine elements a character, bars and spaces in turn; `1` is wide. Only what parcel numbers need. */
const WIDE: Readonly<Record<string, string>> = {
  '0': '000110100',
  '1': '100100001',
  '2': '001100001',
  '3': '101100000',
  '4': '000110001',
  '5': '100110000',
  '6': '001110000',
  '7': '000100101',
  '8': '100100100',
  '9': '001100100',
  P: '001010010',
  '*': '010010100',
};
const NARROW_UNIT = 2;
const WIDE_UNIT = 5;
const HEIGHT = 60;
/** The quiet zone at both ends is ten narrow units wide. */
const QUIET = 10 * NARROW_UNIT;

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'));

/** A parcel label as SVG: the number as a barcode, and who gets it. @throws RangeError for other characters than digits and P */
export function code39(text: string, recipient: string): string {
  let x = QUIET;
  const bars: string[] = [];
  for (const character of `*${text}*`) {
    const widths = WIDE[character];
    if (!widths) throw new RangeError(`Code 39 here has no "${character}"`);
    [...widths].forEach((wide, index) => {
      const width = wide === '1' ? WIDE_UNIT : NARROW_UNIT;
      if (index % 2 === 0) bars.push(`<rect x="${x}" y="10" width="${width}" height="${HEIGHT}"/>`);
      x += width;
    });
    x += NARROW_UNIT;
  }
  const width = x + QUIET;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 130" width="${width}" height="130">
<rect width="100%" height="100%" fill="white"/>${bars.join('')}
<g font-family="sans-serif" font-size="15"><text x="${QUIET}" y="90">${escaped(text)}</text><text x="${QUIET}" y="114">${escaped(recipient)}</text></g>
</svg>
`;
}
