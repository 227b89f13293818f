/**
 * Puts pickles together for tests. A pickle is text in which each character stands for a byte.
 *
 * @module
 */
import { memoryFiles } from "../../file_source.ts";
import { openTorchCheckpoint, type TorchCheckpoint } from "../torch_checkpoint.ts";
import { joinBytes, writeZip } from "./write_zip.ts";

/** The bytes of such a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function int32(value: number): string {
  return String.fromCharCode(value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24);
}

/** An integer: BININT. */
export function int(value: number): string {
  return `J${int32(value)}`;
}

/** A string: BINUNICODE. */
export function str(value: string): string {
  const bytes = new TextEncoder().encode(value);
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `X${int32(bytes.length)}${text}`;
}

/** A tuple. */
export function tuple(...items: readonly string[]): string {
  return `(${items.join("")}t`;
}

/** A dict. */
export function dict(...keysAndValues: readonly string[]): string {
  return `}(${keysAndValues.join("")}u`;
}

/** A name: GLOBAL. */
export function global(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

/** What a tensor is made of. */
export interface WritableView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
  readonly key?: string;
  readonly type?: string;
  /** How many elements the storage has. */
  readonly elements: number;
  /** Another item of the storage's identifier, a pickle too. */
  readonly part?: string;
}

/** A tensor: `_rebuild_tensor_v2`. */
export function tensor(view: WritableView): string {
  const { shape, strides, offset = 0, key = "0", type = "FloatStorage", elements, part = "" } =
    view;
  const id = tuple(
    str("storage"),
    global("torch", type),
    str(key),
    str("cpu"),
    int(elements),
    part,
  );
  const hooks = `${global("collections", "OrderedDict")})R`;
  return `${global("torch._utils", "_rebuild_tensor_v2")}${
    tuple(
      `${id}Q`,
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      "\x89",
      hooks,
    )
  }R`;
}

/** A checkpoint of a pickle and its storages. */
export function zipCheckpoint(
  pickle: string,
  storages: Readonly<Record<string, Uint8Array>>,
): Uint8Array<ArrayBuffer> {
  return writeZip([
    { name: "archive/data.pkl", bytes: bytesOf(`\x80\x02${pickle}.`) },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: "archive/version", bytes: bytesOf("3\n") },
  ]);
}

/** A checkpoint in the container before version 1.6. */
export function legacyCheckpoint(
  pickle: string,
  storages: readonly { readonly key: string; readonly count: number; readonly bytes: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const keys = storages.map(({ key }) => str(key)).join("");
  const head = `\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.` +
    `\x80\x02${pickle}.\x80\x02](${keys}e.`;
  return joinBytes([
    bytesOf(head),
    ...storages.flatMap(({ count, bytes }) => [bytesOf(int32(count) + int32(0)), bytes]),
  ]);
}

/** Opens a checkpoint from memory. */
export async function openBytes(bytes: Uint8Array): Promise<TorchCheckpoint> {
  return await openTorchCheckpoint(memoryFiles(new Map([["x.ckpt", bytes]])), "x.ckpt");
}
