/** Placeholder until the adapter lands. @module */
export function writeFile(_path: string, _bytes: Uint8Array): Promise<void> {
  return Promise.reject(new Error("not written yet"));
}
