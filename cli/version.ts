/**
 * Which version this is.
 *
 * @module
 */
import configuration from "../deno.json" with { type: "json" };

/** The package's version. */
export const VERSION: string = configuration.version;
