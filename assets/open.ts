/**
 * The models that come with the library.
 *
 * @module
 */
import { type FileSource, openFiles } from "../formats/files.ts";

/** Names of the models that come with the library, and what each does. */
export const EMBEDDED_MODELS: Readonly<Record<string, string>> = {
  shapes: "text to image: one or two coloured things on a background, 128x128",
};

/** The files of an embedded model, beside this module wherever it was loaded from; nothing if there is none of that name. */
export function openEmbeddedModel(name: string): FileSource | undefined {
  if (!Object.hasOwn(EMBEDDED_MODELS, name)) return undefined;
  return openFiles(new URL(`./${name}/`, import.meta.url));
}
