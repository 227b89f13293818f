/**
 * How a picture file is decoded.
 *
 * @module
 */
import type { ImageLimits } from "./limits.ts";

/** How a picture file is decoded. */
export interface DecodeOptions extends ImageLimits {
  /** Leaves a photo as the camera stored it; see {@linkcode readOrientation}. */
  readonly keepOrientation?: boolean;
}
