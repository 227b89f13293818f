/**
 * Picture files with what Pillow makes of them (see make_images.py).
 *
 * @module
 */
import { decodeBase64 } from "@std/encoding";
import type { Picture } from "../../formats/images/picture.ts";

/** A file and the picture in it. */
export type Specimen<T> = T & { readonly file: Uint8Array<ArrayBuffer>; readonly picture: Picture };

/** Reads one of the files beside this one. */
export async function readZoo<T>(name: string): Promise<readonly Specimen<T>[]> {
  const entries = JSON.parse(await Deno.readTextFile(new URL(name, import.meta.url)));
  return entries.map(
    ({ file, width, height, channels, data, ...rest }: {
      readonly file: string;
      readonly width: number;
      readonly height: number;
      readonly channels: Picture["channels"];
      readonly data: string;
    } & T) => ({
      ...rest,
      file: decodeBase64(file),
      picture: { width, height, channels, data: decodeBase64(data) },
    }),
  );
}

/** The first of {@linkcode readZoo}. */
export async function readFirst(name: string): Promise<Specimen<unknown>> {
  return (await readZoo<unknown>(name))[0]!;
}

/** Numbers in 0..1 that are the same every time (a linear congruential generator, mod 2^32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
