/**
 * Stable Diffusion 1.5 with made-up weights, in the containers that checkpoints come in. Written piece by piece.
 *
 * @module
 */
import { config } from "../formats/config_reader.ts";
import { clipTextTable } from "../formats/originals/clip_text.ts";
import { firstStageConfig } from "../formats/originals/first_stage.ts";
import { firstStageMap } from "../formats/originals/first_stage_map.ts";
import { type KeyMap, place } from "../formats/originals/key_map.ts";
import { originalWeights } from "../formats/originals/original_weights.ts";
import { type NetworkConfig, unetConfig } from "../formats/originals/unet_config.ts";
import { unetMap } from "../formats/originals/unet_map.ts";
import { type StreamedTensor, streamSafetensors } from "../formats/stream_safetensors.ts";
import { bytesOf, dict, int, str, tensor } from "../formats/torch/testing/write_pickle.ts";
import { type WritableEntry, zipPieces } from "../formats/torch/testing/write_zip.ts";
import { writeFile } from "../formats/write_file.ts";
import { f32, i32, sizeOf } from "../graph/tensor_spec.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import type { InputSpecs } from "../pipelines/networks/network.ts";
import { STAGE_PRESETS, UNET_PRESETS } from "../tests/originals/presets.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Names and shapes of a checkpoint of Stable Diffusion 1.5, without averages. */
export function stableDiffusionShapes(): Shapes {
  const { unet, heads, order } = UNET_PRESETS["sd-v1"]!;
  const stage = STAGE_PRESETS["kl-f8"]!;
  const text = { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12 };
  return new Map([
    ...shapesOf(unetConfig(unet, { heads, sampleSize: 64 }), {
      methods: {
        forward: {
          sample: f32(1, 4, 64, 64),
          timestep: f32(1),
          encoder_hidden_states: f32(1, 77, 768),
        },
      },
      map: below("model.diffusion_model", unetMap(unet, { heads, order })),
    }),
    ...shapesOf(firstStageConfig(stage, { scalingFactor: 0.18215, sampleSize: 512 }), {
      methods: { encode: { x: f32(1, 3, 64, 64) }, decode: { z: f32(1, 4, 8, 8) } },
      map: below("first_stage_model", firstStageMap(stage)),
    }),
    ...shapesOf({ className: "CLIPTextModel", config: text }, {
      methods: { forward: { input_ids: i32(1, 77) } },
      map: {
        pairs: place(clipTextTable(12), {
          ours: "text_model",
          theirs: "cond_stage_model.transformer.text_model",
        }),
      },
    }),
  ]);
}

function below(theirs: string, { pairs }: KeyMap): KeyMap {
  return { pairs: place(pairs, { ours: "", theirs }) };
}

/** What a network asks for over all of its methods, under the original's names. */
function shapesOf(
  { className, config: json }: NetworkConfig,
  { methods, map }: {
    readonly methods: Readonly<Record<string, InputSpecs>>;
    readonly map: KeyMap;
  },
): [string, readonly number[]][] {
  const network = networkReaders.get(className)!(config(json, className));
  const tensors = new Map<string, { readonly shape: readonly number[]; readonly stored: string }>();
  for (const [method, specs] of Object.entries(methods)) {
    for (const { name, spec: { shape } } of network.methods.get(method)!.graph(specs).parameters) {
      tensors.set(name, { shape, stored: "F16" });
    }
  }
  const source = { description: className, tensors, read: () => Promise.reject(new Error("none")) };
  return [...originalWeights(source, map).tensors].map(([name, { shape }]) => [name, shape]);
}

/** Numbers of about a hundredth, of both signs: as large as trained weights are. */
const BLOCK: Uint16Array<ArrayBuffer> = (() => {
  const bits = new Uint16Array(2 ** 20);
  let state = 1;
  for (let at = 0; at < bits.length; at++) {
    state ^= state << 13; // xorshift (Marsaglia 2003)
    state ^= state >>> 17;
    state ^= state << 5;
    bits[at] = 0x2000 | state & 0x83ff;
  }
  return bits;
})();

function halves(count: number): Float16Array<ArrayBuffer> {
  const bits = new Uint16Array(count);
  for (let at = 0; at < count; at += BLOCK.length) {
    bits.set(BLOCK.subarray(0, Math.min(BLOCK.length, count - at)), at);
  }
  return new Float16Array(bits.buffer);
}

const rawBytes = (shape: readonly number[]) => new Uint8Array(halves(sizeOf(shape)).buffer);

/** Containers by the ending of their files. */
export const CONTAINERS = ["safetensors", "ckpt", "pt"] as const;

/** Writes a checkpoint in half precision: safetensors, torch's zip archive (`ckpt`), torch's older container (`pt`). */
export async function writeCheckpoint(
  path: string,
  container: typeof CONTAINERS[number],
): Promise<void> {
  const shapes = stableDiffusionShapes();
  switch (container) {
    case "safetensors": {
      const tensors = [...shapes].map(([name, shape]): [string, StreamedTensor] => [name, {
        stored: "F16",
        shape,
        async *pieces() {
          yield await Promise.resolve(halves(sizeOf(shape)));
        },
      }]);
      return await writeFile(path, streamSafetensors(new Map(tensors)).pieces);
    }
    case "ckpt":
      return await writeFile(path, asynchronous(zipPieces(zipEntries(shapes))));
    case "pt":
      return await writeFile(path, asynchronous(legacyPieces(shapes)));
  }
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

/** A storage a tensor, as torch saves a state dict. */
function pickle(shapes: Shapes): string {
  const items = [...shapes].flatMap(([name, shape], key) => [
    str(name),
    tensor({
      shape,
      strides: shape.map((_, axis) => sizeOf(shape.slice(axis + 1))),
      key: String(key),
      type: "HalfStorage",
      elements: sizeOf(shape),
    }),
  ]);
  return dict(str("state_dict"), dict(...items));
}

function* zipEntries(shapes: Shapes): Generator<WritableEntry> {
  yield { name: "archive/data.pkl", bytes: bytesOf(`\x80\x02${pickle(shapes)}.`) };
  let key = 0;
  for (const shape of shapes.values()) {
    yield { name: `archive/data/${key++}`, bytes: rawBytes(shape) };
  }
  yield { name: "archive/version", bytes: bytesOf("3\n") };
}

function* legacyPieces(shapes: Shapes): Generator<Uint8Array> {
  const keys = [...shapes.keys()].map((_, key) => str(String(key))).join("");
  // Magic number, protocol version and system information, each a pickle; then the object and the keys of its storages.
  yield bytesOf(
    "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}." +
      `\x80\x02${pickle(shapes)}.\x80\x02](${keys}e.`,
  );
  for (const shape of shapes.values()) {
    // The number of elements, in eight bytes.
    yield bytesOf(int(sizeOf(shape)).slice(1) + int(0).slice(1));
    yield rawBytes(shape);
  }
}
