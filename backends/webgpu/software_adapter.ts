/**
 * Adapters that are a CPU in disguise.
 *
 * @module
 */

/** Whether an adapter computes on a CPU: it says so itself, or is one of the known software drivers. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter ||
    /llvmpipe|lavapipe|swiftshader/i.test(`${info.description} ${info.device}`);
}
