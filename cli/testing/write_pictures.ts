/**
 * Pictures for tests of commands that start from one.
 *
 * @module
 */
import { encodeJpeg, encodePng, type Picture } from "../../mod.ts";

/** A picture of soft stripes, different in each channel. */
export function stripes(width: number, height: number): Picture {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => 128 + 100 * Math.sin(Math.floor(at / 3) % width / 4 + at % 3),
  );
  return { width, height, channels: 3, data };
}

/** Writes a picture as PNG and gives it back. */
export async function writePicture(path: string, picture: Picture): Promise<Picture> {
  await Deno.writeFile(path, await encodePng(picture));
  return picture;
}

/** Writes a mask that is white left of a column. */
export async function writeMask(
  path: string,
  { width, height, white }: {
    readonly width: number;
    readonly height: number;
    readonly white: number;
  },
): Promise<Picture> {
  const data = Uint8Array.from({ length: width * height }, (_, at) => at % width < white ? 255 : 0);
  return await writePicture(path, { width, height, channels: 1, data });
}

/** A JPEG that its camera held on its side: its EXIF data asks for a turn clockwise. */
export async function sidewaysJpeg(picture: Picture): Promise<Uint8Array> {
  const jpeg = await encodeJpeg(picture);
  // One entry of a TIFF directory: orientation (0x0112), one short, 6.
  const tiff = [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
  const content = [...new TextEncoder().encode("Exif\0\0"), ...tiff, 0, 0, 0, 0];
  const segment = [0xff, 0xe1, 0, content.length + 2, ...content];
  return Uint8Array.from([...jpeg.slice(0, 2), ...segment, ...jpeg.slice(2)]);
}
