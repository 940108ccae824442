import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS = 256;

function* chunksOf(png) {
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** What a filter of the PNG standard foretells of a byte. */
const FORETOLD = [() => 0, (left) => left, (_, up) => up, (left, up) => (left + up) >> 1, paeth];

/** The colour of each pixel as 0xrrggbb, row by row. */
function pixelsOf(png) {
  const chunks = [...chunksOf(png)];
  const head = chunks[0].data;
  const [width, height, samples] = [head.readUInt32BE(0), head.readUInt32BE(4), head[9] === 6 ? 4 : 3];
  const raw = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)));
  const stride = width * samples;
  const pixels = new Uint32Array(width * height);
  let before = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const foretold = FORETOLD[raw[y * (stride + 1)]];
    const row = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let i = 0; i < stride; i++) row[i] += foretold(row[i - samples] ?? 0, before[i], i < samples ? 0 : before[i - samples]);
    for (let x = 0; x < width; x++) pixels[y * width + x] = row.readUIntBE(x * samples, 3);
    before = row;
  }
  return { width, height, pixels };
}

const distance = (a, b) =>
  ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

/** Squares of distances: the shades of a letter's edge are nearer to each other than the colours of two states. */
const APART = [0, 24, 48, 96, 192, 384, 768, 1_536, 3_072];

/** As few of the colours as stand for all of them, none further from its own than `apart`; the ones used most come first. */
function chosen(colours, apart) {
  const palette = [];
  for (const colour of colours) {
    if (palette.some((other) => distance(colour, other) <= apart)) continue;
    palette.push(colour);
    if (palette.length > COLOURS) return undefined;
  }
  return palette;
}

/** The colours that stay, and for each colour the place of the nearest among them. */
function paletteOf(pixels) {
  const uses = new Map();
  for (const colour of pixels) uses.set(colour, (uses.get(colour) ?? 0) + 1);
  const colours = [...uses].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  const apart = APART.find((each) => chosen(colours, each)) ?? 0;
  const palette = chosen(colours, apart) ?? colours.slice(0, COLOURS);
  const nearest = (colour) =>
    palette.reduce((best, other, place) => (distance(colour, other) < distance(colour, palette[best]) ? place : best), 0);
  return { palette, places: new Map(colours.map((colour) => [colour, nearest(colour)])) };
}

/**
 * The same picture in a third of the bytes. A page has a few dozen colours, and shades where letters end: as many stay as a palette takes,
 * apart from each other, and the others become the nearest of them.
 */
export function smallPng(png) {
  const { width, height, pixels } = pixelsOf(png);
  const { palette, places } = paletteOf(pixels);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = places.get(pixels[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8); // a byte a pixel, of the palette
  const colours = Buffer.alloc(palette.length * 3);
  palette.forEach((colour, place) => {
    colours.writeUIntBE(colour, place * 3, 3);
  });
  const image = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', image),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
