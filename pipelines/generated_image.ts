/**
 * A picture that a pipeline made, with the settings that made it.
 *
 * @module
 */
import { encodeJpeg } from "../formats/images/encode_jpeg.ts";
import { encodePng } from "../formats/images/encode_png.ts";
import { type Settings, settingsText } from "../formats/images/infotext.ts";
import { ImageError, type Picture } from "../formats/images/picture.ts";
import { writeFile } from "../formats/write_file.ts";

/** A picture that a pipeline made. */
export class GeneratedImage implements Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: Picture["channels"];
  readonly data: Uint8Array;
  /** What made it; written into PNG files. */
  readonly settings: Settings;

  /** Made by pipelines. */
  constructor(picture: Picture, settings: Settings) {
    this.width = picture.width;
    this.height = picture.height;
    this.channels = picture.channels;
    this.data = picture.data;
    this.settings = settings;
  }

  /** The bytes of a PNG file with the settings as text, or of a JPEG file. */
  encode(format: "png" | "jpeg" = "png"): Promise<Uint8Array> {
    return format === "png"
      ? encodePng(this, { text: settingsText(this.settings) })
      : encodeJpeg(this);
  }

  /**
   * Writes a PNG or JPEG file, as the name's ending says. The file is whole or not there.
   *
   * @throws {ImageError} If the name ends in neither .png, .jpg nor .jpeg.
   * @throws {FileError} If it cannot be written.
   */
  async save(path: string): Promise<void> {
    await writeFile(path, await this.encode(formatOf(path)));
  }
}

/** The format that a file's name asks for. */
export function formatOf(path: string): "png" | "jpeg" {
  if (/\.png$/i.test(path)) return "png";
  if (/\.jpe?g$/i.test(path)) return "jpeg";
  throw new ImageError(`Cannot write ${path}: its name must end in .png, .jpg or .jpeg`);
}
