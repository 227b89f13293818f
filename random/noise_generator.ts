/**
 * What pipelines ask of a source of noise.
 *
 * @module
 */

/** A stream of standard normal numbers. Every draw moves it on. */
export interface NoiseGenerator {
  /** The next `size` independent draws from N(0, 1), in the row-major order of the tensor they fill. */
  randn(size: number): Float32Array;
}
