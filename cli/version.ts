/**
 * Which version this is.
 *
 * @module
 */

/** The package's version, as in deno.json, which a packed library does not have. */
export const VERSION = "0.1.0";
