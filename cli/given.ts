/**
 * Options that were given.
 *
 * @module
 */

/** The fields that are not undefined: an option that was not given is absent, so that its default holds. */
export function given<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
