/** The device's own clock around groups of dispatches. @module */
import { DeviceError } from "./device_error.ts";
import { type Dispatch, encode } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";

/** Bits of `GPUBufferUsage`. */
const RESOLVE = 512;
const COPY_SOURCE = 4;

/** A query set holds so many timestamps at most. */
const MOST = 4096;

/**
 * Runs groups of dispatches one after the other and waits.
 *
 * @returns Milliseconds of each group.
 * @throws {DeviceError} If the device has no feature `timestamp-query`.
 */
export async function timeDispatches(
  gpu: Gpu,
  groups: readonly (readonly Dispatch[])[],
): Promise<number[]> {
  gpu.check();
  const { device } = gpu;
  if (!device.features.has("timestamp-query")) {
    throw new DeviceError(
      "absent",
      "Cannot time the GPU: the device has no feature timestamp-query",
    );
  }
  const times: number[] = [];
  for (let start = 0; start < groups.length; start += MOST / 2) {
    const own = groups.slice(start, start + MOST / 2);
    const count = 2 * own.length;
    const querySet = device.createQuerySet({ type: "timestamp", count });
    const buffer = gpu.allocate(8 * count, {
      purpose: "timestamps",
      usage: RESOLVE | COPY_SOURCE,
    });
    const encoder = device.createCommandEncoder();
    own.forEach((dispatches, at) => {
      encode(encoder, dispatches, {
        querySet,
        beginningOfPassWriteIndex: 2 * at,
        endOfPassWriteIndex: 2 * at + 1,
      });
    });
    encoder.resolveQuerySet(querySet, 0, count, buffer, 0);
    gpu.submit(encoder, "time kernels");
    const stamps = new BigUint64Array(await gpu.read(buffer, 8 * count));
    own.forEach((_, at) => times.push(Number(stamps[2 * at + 1]! - stamps[2 * at]!) / 1e6));
    gpu.free(buffer);
    querySet.destroy();
  }
  return times;
}
