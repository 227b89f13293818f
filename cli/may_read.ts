/**
 * Permission to read.
 *
 * @module
 */

/** Whether a local file may be read. Nobody is asked for the permission. */
export async function mayRead(path: string | URL): Promise<boolean> {
  return (await Deno.permissions.query({ name: "read", path })).state === "granted";
}
