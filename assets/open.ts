/**
 * The models that come with the library.
 *
 * @module
 */
import { type FileSource, openFiles } from "../formats/files.ts";

/** Names of the models that come with the library, and what each does. */
export const EMBEDDED_MODELS: Readonly<Record<string, string>> = {
  "shapes": "text to image: one or two coloured things on a background, 128x128",
  "shapes-inpaint": "inpainting: fills holes in such pictures with what a text says",
  "shapes-upscale": "super-resolution: such pictures four times as large, 32x32 to 128x128",
};

/** Where each lies. JSR takes 20 MB a package, so that all but the first are packages of their own. */
const FOLDERS: Readonly<Record<string, () => Promise<{ readonly folder: URL }>>> = {
  "shapes": () => Promise.resolve({ folder: new URL("./shapes/", import.meta.url) }),
  "shapes-inpaint": () => import("@denoise/shapes-inpaint"),
  "shapes-upscale": () => import("@denoise/shapes-upscale"),
};

/** The files of an embedded model, wherever it was loaded from; nothing if there is none of that name. */
export async function openEmbeddedModel(name: string): Promise<FileSource | undefined> {
  if (!Object.hasOwn(FOLDERS, name)) return undefined;
  const { folder } = await FOLDERS[name]!();
  return openFiles(folder);
}
