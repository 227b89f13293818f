/**
 * A limit for what may never end.
 *
 * @module
 */

/** Far longer than any file takes to read: what takes longer hangs. */
const TICKS = 20;
const TICK_MS = 500;

/**
 * Runs a reader, but does not wait for ever: twenty times half a second. Ticks are counted, not the
 * clock, which runs on while a busy machine stands still.
 *
 * @throws {Error} If it takes longer. What never lets go of the thread cannot be interrupted.
 */
export async function withinDeadline<T>(
  run: () => Promise<T>,
  { tick = TICK_MS }: { readonly tick?: number } = {},
): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const late = new Promise<never>((_, reject) => {
    let ticks = 0;
    timer = setInterval(() => {
      if (++ticks < TICKS) return;
      reject(new Error(`Cannot wait for it any longer: it takes over ${TICKS * tick / 1000} s`));
    }, tick);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearInterval(timer);
  }
}
