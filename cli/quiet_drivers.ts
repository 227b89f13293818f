/**
 * What graphics drivers say.
 *
 * @module
 */

/**
 * Keeps Mesa's drivers from writing to stderr, on a machine without a desktop, that `XDG_RUNTIME_DIR` is not set: they look
 * for a window system before they compute, and any folder satisfies them. Does nothing without permission.
 */
export function quietDrivers(): void {
  const variable = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux") return;
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return;
  if (Deno.env.get(variable) === undefined) Deno.env.set(variable, "/");
}
