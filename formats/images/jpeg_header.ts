/**
 * What a JPEG's markers say before any pixel is decoded (ITU-T T.81, annex B).
 *
 * @module
 */
import { readExifOrientation } from "./exif_orientation.ts";
import { ImageError } from "./picture.ts";
import type { Orientation } from "./upright.ts";

/** The frame of a JPEG, as stored: before it is turned upright. */
export interface JpegHeader {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** 1 is grey, 3 is colour, 4 is CMYK. */
  readonly components: 1 | 3 | 4;
  /** How the camera was held; 1 is upright, and what is meant where nothing is said. */
  readonly orientation: Orientation;
  /** Where the EXIF segments lie, marker and length included: pairs of first and last + 1. */
  readonly exif: readonly (readonly [number, number])[];
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const APP14 = 0xee;

/**
 * Progressive files are cut into scans, each a pass over all blocks, so a small file could ask for
 * hours of work. Encoders write about ten; libjpeg's own fuzzers stop at 500.
 */
const MAX_SCANS = 500;

/** Whether a file begins as JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

/**
 * Walks over all markers of a JPEG.
 *
 * @throws {ImageError} If the file is no JPEG, is truncated, or is of a kind that is not supported:
 * other than 8 bits, lossless, hierarchical, arithmetically coded, of two components.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  if (!isJpeg(bytes)) throw invalid("it does not begin with a start of image");
  let frame: Frame | undefined;
  let coded = 0;
  let orientation: Orientation = 1;
  const exif: (readonly [number, number])[] = [];
  let adobe = false;
  let scans = 0;
  for (let offset = 2;;) {
    const start = offset;
    if (bytes[offset] !== 0xff) {
      throw offset < bytes.length ? invalid(`no marker is at byte ${offset}`) : truncated(bytes);
    }
    while (bytes[offset] === 0xff) offset++; // any number of 0xff may come before a marker
    const marker = bytes[offset++];
    if (marker === EOI) break;
    if (offset + 2 > bytes.length) throw truncated(bytes);
    const end = offset + (bytes[offset]! << 8 | bytes[offset + 1]!);
    if (end < offset + 2) throw invalid(`a segment at byte ${start} has no length`);
    if (end > bytes.length) throw truncated(bytes);
    const segment = bytes.subarray(offset + 2, end);
    offset = end;
    if (marker === APP1 && beginsWith(segment, "Exif\0\0")) {
      if (exif.length === 0) orientation = readExifOrientation(segment.subarray(6));
      exif.push([start, end]);
    } else if (marker === APP14 && beginsWith(segment, "Adobe")) {
      adobe = true;
    } else if (isFrame(marker!)) {
      if (frame) throw invalid("it has two frames");
      frame = readFrame(marker!, segment);
    } else if (marker === SOS) {
      if (!frame) throw invalid("a scan comes before the frame");
      if (++scans > MAX_SCANS) throw invalid(`it has more than ${MAX_SCANS} scans`);
      const stop = endOfScan(bytes, offset);
      coded += stop - offset;
      offset = stop;
    }
  }
  if (!frame || scans === 0) throw invalid("it has no picture");
  if (frame.components === 4 && !adobe) {
    throw invalid("it has 4 components, and no Adobe marker to say what they are");
  }
  const { blocks, ...size } = frame;
  // Huffman codes have a bit at least, and each block has one. Decoders invent what is not there, at any size.
  if (8 * coded < blocks) {
    throw invalid(
      `${coded} bytes of data are too few for ${size.width} x ${size.height} pixels: it ends early`,
    );
  }
  return { ...size, orientation, exif };
}

/** What a frame says. */
interface Frame extends Pick<JpegHeader, "width" | "height" | "components"> {
  /** Blocks of 8 by 8 samples, of all components together. */
  readonly blocks: number;
}

/** Start-of-frame markers are 0xc0 to 0xcf but for tables of Huffman codes, JPG and arithmetic. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(marker: number, segment: Uint8Array): Frame {
  if (marker > 0xc2) {
    const kind = marker > 0xc8 ? "arithmetic coding" : "a lossless or hierarchical picture";
    throw invalid(
      `SOF${marker - 0xc0} (${kind}) is not supported: ` +
        "only baseline, extended and progressive Huffman coding are",
    );
  }
  const [depth, h1, h0, w1, w0, components] = segment;
  if (components === undefined) throw invalid("its frame is too short");
  if (depth !== 8) throw invalid(`${depth} bits a sample are not supported, only 8`);
  if (components !== 1 && components !== 3 && components !== 4) {
    throw invalid(`${components} components are not supported, only 1, 3 and 4`);
  }
  if (segment.length < 6 + 3 * components) throw invalid("its frame is too short");
  const sampling = Array.from({ length: components }, (_, i) => segment[7 + 3 * i]!)
    .map((both) => ({ h: both >> 4, v: both & 15 }));
  if (sampling.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) {
    throw invalid("a sampling factor is not from 1 to 4");
  }
  const [width, height] = [w1! << 8 | w0!, h1! << 8 | h0!];
  const [mostH, mostV] = [
    Math.max(...sampling.map(({ h }) => h)),
    Math.max(...sampling.map(({ v }) => v)),
  ];
  // Section A.1.1: components have their share of the samples, rounded up.
  const inBlocks = (samples: number) => Math.ceil(Math.ceil(samples) / 8);
  const blocks = sampling.reduce(
    (sum, { h, v }) => sum + inBlocks(width * h / mostH) * inBlocks(height * v / mostV),
    0,
  );
  return { width, height, components, blocks };
}

/** Coded data runs to the next marker that is neither a stuffed 0xff00 nor a restart. */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (let offset = start;;) {
    offset = bytes.indexOf(0xff, offset);
    const next = offset < 0 ? undefined : bytes[offset + 1];
    if (next === undefined) throw truncated(bytes);
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return offset;
    offset += next === 0xff ? 1 : 2;
  }
}

function beginsWith(segment: Uint8Array, name: string): boolean {
  return String.fromCharCode(...segment.subarray(0, name.length)) === name;
}

function invalid(reason: string): ImageError {
  return new ImageError(`Cannot decode a JPEG: ${reason}`);
}

function truncated(bytes: Uint8Array): ImageError {
  return invalid(`it is truncated at ${bytes.length} bytes`);
}
