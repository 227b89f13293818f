/**
 * Pictures that a command starts from.
 *
 * @module
 */
import { locateFile } from "../../formats/files.ts";
import { decodePicture, ImageError, type Picture } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { UsageError } from "../usage_error.ts";

/**
 * The file that an option names.
 *
 * @throws {UsageError} If it was not given.
 */
export function pictureArgument(args: Arguments, name: string): string {
  const path = args.text(name);
  if (path !== undefined && path !== "") return path;
  throw new UsageError(
    path === undefined
      ? `Cannot draw: --${name} FILE is missing`
      : `Cannot use an empty name for --${name}`,
  );
}

/**
 * Reads a PNG or JPEG; photos are turned upright.
 *
 * @throws {FileError} If it cannot be read.
 * @throws {ImageError} If it is no picture, naming the file.
 */
export async function readGivenPicture(where: string): Promise<Picture> {
  const { files, path } = locateFile(where);
  const bytes = await files.read(path);
  try {
    return await decodePicture(bytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(`Cannot use ${where}: ${error.message}`, { cause: error });
  }
}
