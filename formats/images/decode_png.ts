/**
 * A PNG decoder: every colour type, bit depth and interlace of W3C PNG, third edition.
 *
 * @module
 */
import type { DecodeOptions } from "./decode_options.ts";
import { readExifOrientation } from "./exif_orientation.ts";
import { checkDimensions } from "./limits.ts";
import { ImageError, type Picture } from "./picture.ts";
import { pngChunks } from "./png_chunks.ts";
import { unfilterRow } from "./png_filter.ts";
import { type Orientation, upright } from "./upright.ts";
import { inflate } from "./zlib.ts";

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: Colour;
  readonly interlaced: boolean;
}

/** Colour types by their number in `IHDR`, with samples a pixel and the depths that are allowed. */
const COLOURS = {
  0: { name: "grey", samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { name: "rgb", samples: 3, depths: [8, 16] },
  3: { name: "palette", samples: 1, depths: [1, 2, 4, 8] },
  4: { name: "grey and alpha", samples: 2, depths: [8, 16] },
  6: { name: "rgb and alpha", samples: 4, depths: [8, 16] },
} as const;

type Colour = (typeof COLOURS)[keyof typeof COLOURS];

/** A reduced picture: pixels `x0 + i dx`, `y0 + j dy` of the whole. */
interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x0: 0, y0: 0, dx: 1, dy: 1 }];

/** Section 8.2: the seven passes of Adam7. */
const ADAM7: readonly Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
];

/**
 * Decodes a PNG to 8-bit samples as they are stored; gamma and profiles are not applied.
 *
 * Fewer bits are scaled to 0..255, of 16 the upper 8 are kept (as Pillow does), palettes are looked
 * up, and transparency of any kind makes four channels. It is turned upright as its EXIF data says.
 *
 * @throws {ImageError} If the file is not a whole, valid, still PNG within the limits.
 */
export async function decodePng(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  let orientation: Orientation = 1;
  const compressed: Uint8Array[] = [];
  let last = "";
  for (const { type, data } of pngChunks(bytes)) {
    if (!header && type !== "IHDR") throw invalid(`${type} comes before IHDR`);
    switch (type) {
      case "IHDR":
        if (header) throw invalid("it has two IHDR chunks");
        header = readHeader(data);
        checkDimensions({ format: "PNG", ...header }, options);
        break;
      case "PLTE":
        if (palette || compressed.length > 0) throw invalid("PLTE is out of place");
        palette = data;
        break;
      case "tRNS":
        if (transparency || compressed.length > 0) throw invalid("tRNS is out of place");
        transparency = data;
        break;
      case "IDAT":
        if (compressed.length > 0 && last !== "IDAT") throw invalid("IDAT chunks are apart");
        compressed.push(data);
        break;
      case "eXIf":
        orientation = readExifOrientation(data);
        break;
      case "acTL":
        throw new ImageError("Cannot decode an animated PNG: only still pictures are supported");
      case "IEND":
        break;
      default:
        // An upper-case first letter means that the picture cannot be shown without the chunk.
        if (type[0]! < "a") throw invalid(`${type} is a critical chunk that is not known`);
    }
    last = type;
  }
  if (!header) throw invalid("it has no IHDR");
  const painter = makePainter(header, palette, transparency);
  const passes = (header.interlaced ? ADAM7 : WHOLE).filter(({ x0, y0 }) =>
    x0 < header.width && y0 < header.height
  );
  const size = passes.reduce((sum, pass) => {
    const { rows, rowBytes } = passSize(header, pass);
    return sum + rows * (1 + rowBytes);
  }, 0);
  const filtered = await inflate(compressed, { exactly: size });

  const { width, height } = header;
  const { channels } = painter;
  const out = new Uint8Array(width * height * channels);
  let offset = 0;
  for (const pass of passes) {
    const { columns, rows, rowBytes } = passSize(header, pass);
    const step = Math.max(1, (header.depth * header.colour.samples) >> 3);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let j = 0; j < rows; j++) {
      const filter = filtered[offset]!;
      const row = filtered.subarray(offset + 1, offset + 1 + rowBytes);
      if (!unfilterRow(row, above, { filter, step })) {
        throw invalid(`no filter has the number ${filter}`);
      }
      const start = ((pass.y0 + j * pass.dy) * width + pass.x0) * channels;
      painter.paint(row, columns, { out, start, stride: pass.dx * channels });
      above = row;
      offset += 1 + rowBytes;
    }
  }
  const picture = { width, height, channels, data: out };
  return options.keepOrientation ? picture : upright(picture, orientation);
}

/**
 * The orientation that a PNG's EXIF data asks for.
 *
 * @throws {ImageError} If the file is damaged before it.
 */
export function readPngOrientation(bytes: Uint8Array): Orientation {
  for (const { type, data } of pngChunks(bytes)) {
    if (type === "eXIf") return readExifOrientation(data);
  }
  return 1;
}

function readHeader(data: Uint8Array): Header {
  if (data.length !== 13) throw invalid(`IHDR has ${data.length} bytes, not 13`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const depth = data[8]!;
  const type = data[9]!;
  const colour: Colour | undefined = COLOURS[type as keyof typeof COLOURS];
  if (!colour?.depths.some((allowed) => allowed === depth)) {
    throw invalid(`colour type ${type} with ${depth} bits does not exist`);
  }
  if (data[10] !== 0 || data[11] !== 0 || data[12]! > 1) {
    throw invalid("its compression, filter or interlace method is not known");
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colour,
    interlaced: data[12] === 1,
  };
}

function passSize(
  header: Header,
  pass: Pass,
): { readonly columns: number; readonly rows: number; readonly rowBytes: number } {
  const columns = Math.ceil((header.width - pass.x0) / pass.dx);
  const rows = Math.ceil((header.height - pass.y0) / pass.dy);
  return {
    columns,
    rows,
    rowBytes: Math.ceil(columns * header.colour.samples * header.depth / 8),
  };
}

interface Painter {
  readonly channels: Picture["channels"];
  /** Writes a row's `count` pixels to `out`, from `start` on, `stride` bytes apart. */
  readonly paint: (
    row: Uint8Array,
    count: number,
    to: { readonly out: Uint8Array; readonly start: number; readonly stride: number },
  ) => void;
}

function makePainter(
  header: Header,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): Painter {
  const { colour, depth } = header;
  const byte = depth < 8
    ? (sample: number) => sample * 255 / ((1 << depth) - 1)
    : depth === 16
    ? (sample: number) => sample >> 8
    : (sample: number) => sample;
  switch (colour.name) {
    case "grey": {
      const key = transparency && transparentColour(transparency, 1)[0]!;
      return perPixel(header, key === undefined ? 1 : 4, (samples, at, pixel) => {
        pixel.fill(byte(samples[at]!));
        if (key !== undefined) pixel[3] = samples[at] === key ? 0 : 255;
      });
    }
    case "rgb": {
      if (!transparency) return direct(header, 3) ?? perPixel(header, 3, copy(3));
      const key = transparentColour(transparency, 3);
      return perPixel(header, 4, (samples, at, pixel) => {
        for (let c = 0; c < 3; c++) pixel[c] = byte(samples[at + c]!);
        pixel[3] = key.every((value, c) => samples[at + c] === value) ? 0 : 255;
      });
    }
    case "palette": {
      // More colours than the bits can name are an error in the standard, and common: libpng and others never look at the rest.
      const colours = (palette?.length ?? 0) / 3;
      if (!palette || !Number.isInteger(colours) || colours < 1 || colours > 256) {
        throw invalid(`a palette of ${palette?.length ?? 0} bytes is no list of 1 to 256 colours`);
      }
      const alpha = transparency;
      if (alpha && alpha.length > colours) {
        throw invalid(`tRNS has ${alpha.length} entries for ${colours} colours`);
      }
      return perPixel(header, alpha ? 4 : 3, (samples, at, pixel) => {
        const index = samples[at]!;
        if (index >= colours) throw invalid(`index ${index} is outside of ${colours} colours`);
        for (let c = 0; c < 3; c++) pixel[c] = palette[3 * index + c]!;
        if (alpha) pixel[3] = alpha[index] ?? 255;
      });
    }
    case "grey and alpha":
      if (transparency) throw invalid("tRNS does not go with an alpha channel");
      return perPixel(header, 4, (samples, at, pixel) => {
        pixel.fill(byte(samples[at]!));
        pixel[3] = byte(samples[at + 1]!);
      });
    case "rgb and alpha":
      if (transparency) throw invalid("tRNS does not go with an alpha channel");
      return direct(header, 4) ?? perPixel(header, 4, copy(4));
  }

  function copy(count: number): Expand {
    return (samples, at, pixel) => {
      for (let c = 0; c < count; c++) pixel[c] = byte(samples[at + c]!);
    };
  }
}

/** Turns the samples of a pixel, which begin at `at`, into its channels. */
type Expand = (samples: Uint16Array, at: number, pixel: Uint8Array) => void;

function perPixel(header: Header, channels: Picture["channels"], expand: Expand): Painter {
  const perRow = header.width * header.colour.samples;
  const samples = new Uint16Array(perRow);
  const pixel = new Uint8Array(channels);
  return {
    channels,
    paint(row, count, { out, start, stride }): void {
      unpack(row, samples.subarray(0, count * header.colour.samples), header.depth);
      for (let i = 0; i < count; i++) {
        expand(samples, i * header.colour.samples, pixel);
        for (let c = 0; c < channels; c++) out[start + i * stride + c] = pixel[c]!;
      }
    },
  };
}

/** Whole rows are copied where samples are bytes already and pixels lie side by side. */
function direct(header: Header, channels: Picture["channels"]): Painter | undefined {
  if (header.depth !== 8 || header.interlaced) return undefined;
  return { channels, paint: (row, _, { out, start }): void => out.set(row, start) };
}

/** Samples of any depth; the leftmost is in the high bits of a byte. */
function unpack(row: Uint8Array, samples: Uint16Array, depth: number): void {
  if (depth === 8) return samples.set(row.subarray(0, samples.length));
  if (depth === 16) {
    for (let i = 0; i < samples.length; i++) samples[i] = row[2 * i]! << 8 | row[2 * i + 1]!;
    return;
  }
  const perByte = 8 / depth;
  for (let i = 0; i < samples.length; i++) {
    const shift = 8 - depth * (1 + i % perByte);
    samples[i] = row[Math.floor(i / perByte)]! >> shift & ((1 << depth) - 1);
  }
}

/** The one colour that is transparent, in 16 bits a sample whatever the depth. */
function transparentColour(data: Uint8Array, samples: number): readonly number[] {
  if (data.length !== 2 * samples) {
    throw invalid(`tRNS has ${data.length} bytes, not ${2 * samples}`);
  }
  return Array.from({ length: samples }, (_, i) => data[2 * i]! << 8 | data[2 * i + 1]!);
}

function invalid(reason: string): ImageError {
  return new ImageError(`Cannot decode a PNG: ${reason}`);
}
