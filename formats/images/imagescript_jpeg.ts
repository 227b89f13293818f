/**
 * JPEG by imagescript's WebAssembly module, without its native code.
 *
 * imagescript's own wrapper of the module (`wasm/node/jpeg.js`) reads the environment, files by
 * Node's `fs`, and does not offer the module's encoder; its main entry needs FFI. The module itself
 * imports nothing, so it is instantiated here.
 *
 * @module
 */
import type { JpegCodec, JpegPixels } from "./jpeg_codec.ts";

/** What the module exports; sizes and pointers are bytes in its memory. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly walloc: (size: number) => number;
  /** Length of what the last call returned. */
  readonly wlen: () => number;
  /** Takes over the input; the result is 0 if the file is damaged. A scaled decode is not asked for. */
  readonly decode: (input: number, size: number, width: number, height: number) => number;
  readonly "decode_width": (result: number) => number;
  readonly "decode_height": (result: number) => number;
  readonly "decode_format": (result: number) => number;
  readonly "decode_buffer": (result: number) => number;
  /** Takes over RGBA input; colour is not subsampled. */
  readonly encode: (input: number, width: number, height: number, quality: number) => number;
}

const FORMATS = ["grey", "rgb", "cmyk"] as const;

/**
 * An inline specifier, since import maps and the rewriting that JSR does reach import statements but
 * not this string. The package is there because of the import below.
 */
const MODULE = "npm:imagescript@1.3.1/wasm/any/jpeg.wasm";

/**
 * Loads imagescript's JPEG codec. Needs permission to read the package's file.
 *
 * @throws {TypeError} If the platform cannot resolve or fetch the package's file.
 */
export async function imagescriptJpeg(): Promise<JpegCodec> {
  // For its effect alone: the package gets installed. Of its modules this one has no side effects.
  await import("imagescript/png");
  const response = await fetch(import.meta.resolve(MODULE));
  const module = await WebAssembly.compile(await response.arrayBuffer());
  return {
    name: "imagescript",
    // deno-lint-ignore require-await -- so that what it throws is a rejection
    async decode(bytes): Promise<JpegPixels> {
      const wasm = instantiate(module);
      const result = wasm.decode(place(wasm, bytes), bytes.length, 0, 0);
      if (result === 0) throw new Error("imagescript finds the file damaged");
      const format = FORMATS[wasm.decode_format(result)];
      if (!format) throw new Error("imagescript gives a format that is not known");
      return {
        width: wasm.decode_width(result),
        height: wasm.decode_height(result),
        format,
        data: take(wasm, wasm.decode_buffer(result)),
      };
    },
    // deno-lint-ignore require-await -- so that what it throws is a rejection
    async encode({ width, height, data }, quality): Promise<Uint8Array> {
      const wasm = instantiate(module);
      return take(wasm, wasm.encode(place(wasm, data), width, height, quality));
    },
  };
}

/** Anew for each picture: a trap leaves memory as it is, and memory never shrinks. */
function instantiate(module: WebAssembly.Module): Exports {
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

function place(wasm: Exports, bytes: Uint8Array): number {
  const pointer = wasm.walloc(bytes.length);
  new Uint8Array(wasm.memory.buffer, pointer, bytes.length).set(bytes);
  return pointer;
}

function take(wasm: Exports, pointer: number): Uint8Array {
  return new Uint8Array(wasm.memory.buffer, pointer, wasm.wlen()).slice();
}
