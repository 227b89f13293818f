/**
 * Where the files of this model lie.
 *
 * @module
 */

/** The folder, as diffusers writes one. */
export const folder: URL = new URL("./", import.meta.url);
