/**
 * How a picture was made.
 *
 * @module
 */
import { locateFile } from "../../formats/files.ts";
import { ImageError, readPngText, readSettings } from "../../mod.ts";
import { formatTable } from "../terminal/table.ts";
import type { Report } from "./report.ts";

/**
 * Reads the settings in a PNG.
 *
 * @throws {ImageError} If it is no PNG, or has none.
 * @throws {FileError} If it cannot be read.
 */
export async function describePicture(where: string): Promise<Report> {
  const { files, path } = locateFile(where);
  const bytes = await files.read(path);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    throw new ImageError(
      `Cannot tell how ${where} was made: it is a JPEG; settings are in PNG files`,
    );
  }
  const texts = await readPngText(bytes).catch((cause: unknown) => {
    if (!(cause instanceof ImageError)) throw cause;
    throw new ImageError(`Cannot tell how ${where} was made: ${cause.message}`, { cause });
  });
  const settings = readSettings(texts);
  if (settings === undefined) {
    throw new ImageError(`Cannot tell how ${where} was made: it has no settings in it`);
  }
  const rows = Object.entries(settings).map(([key, value]) => [
    key.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    String(value).replaceAll("\n", "\n  "),
  ]);
  return { json: { file: where, settings }, lines: formatTable(rows) };
}
