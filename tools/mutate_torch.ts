// deno-lint-ignore-file no-console
/**
 * Damages good torch checkpoints and opens them, as often as wanted: each has to be read or refused.
 *
 *     deno run --allow-read tools/mutate_torch.ts 100000
 *
 * Half of the time the file is damaged, and mostly its directory; otherwise only the pickle in it, of which the archive's checksum is
 * then right, so that the damage reaches the machine that carries pickles out.
 *
 * @module
 */
import { FileError, memoryFiles } from "../formats/file_source.ts";
import { folderFiles } from "../formats/files.ts";
import { isReadable } from "../formats/safetensors_dtype.ts";
import { writeZip } from "../formats/torch/testing/write_zip.ts";
import { openTorchCheckpoint, TorchCheckpointError } from "../formats/torch/torch_checkpoint.ts";
import { failFor } from "../formats/torch/torch_checkpoint_error.ts";
import { openZipArchive } from "../formats/torch/zip_archive.ts";

/** What became of the damaged files. */
export interface TorchMutationReport {
  /** How many were read all the same. */
  readonly read: number;
  /** How many were refused. */
  readonly refused: number;
  /** What else happened: the file, the seed, and the error. */
  readonly failures: readonly string[];
  /** The longest time of one, in milliseconds, and which it was. */
  readonly slowest: readonly [milliseconds: number, which: string];
}

type Bytes = Uint8Array<ArrayBuffer>;
type Random = (below: number) => number;

/** A good file, and what its archive has in it if it is one. */
interface Specimen {
  readonly name: string;
  readonly bytes: Bytes;
  readonly entries: readonly { readonly name: string; readonly bytes: Bytes }[];
}

const GOLDENS = new URL("../tests/goldens/torch/", import.meta.url);
const FOLDERS = ["containers", "made", "hostile/pickle", "hostile/zip"];

/** Files that hold more of everything than others would hide what small ones show. */
const LARGEST = 5000;

async function readSpecimens(): Promise<readonly Specimen[]> {
  const specimens: Specimen[] = [];
  for (const folder of FOLDERS) {
    const files = folderFiles(new URL(`${folder}/`, GOLDENS));
    for (const path of await files.list!("")) {
      const isGood = !folder.startsWith("hostile") || path.startsWith("ok_");
      const fileSize = await files.size(path);
      if (!/\.(pt|ckpt)$/.test(path) || !isGood || fileSize > LARGEST) continue;
      const bytes = await files.read(path);
      const name = `${folder}/${path}`;
      if (bytes[0] !== 0x50) {
        specimens.push({ name, bytes, entries: [] });
        continue;
      }
      const archive = await openZipArchive({ files, path, fileSize, fail: failFor(name) });
      const entries = [];
      for (const entry of archive.entries.values()) {
        entries.push({ name: entry.name, bytes: await archive.read(entry) });
      }
      specimens.push({ name, bytes, entries });
    }
  }
  return specimens;
}

/** Bytes of pickles that do much, and numbers at which fields overflow. */
const INSTRUCTIONS = [..."()].0(1}]tuaesbRQhqN2", "\x81", "\x85", "\x86", "\x87", "\x93", "\x94"]
  .map((character) => character.charCodeAt(0));
const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** Changes, removes, repeats or moves a few bytes; favours those after `from`. */
function damage(
  original: Bytes,
  { from, random }: { readonly from: number; readonly random: Random },
): Bytes {
  let bytes = [...original];
  for (let i = [1, 1, 1, 2, 3][random(5)]!; i > 0 && bytes.length > 0; i--) {
    const start = random(3) === 0 || from >= bytes.length ? 0 : from;
    const at = start + random(bytes.length - start);
    const length = 1 + random(random(4) === 0 ? 200 : 8);
    switch (random(10)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        bytes[at] = INSTRUCTIONS[random(INSTRUCTIONS.length)]!;
        break;
      case 3:
        bytes.fill(EXTREMES[random(EXTREMES.length)]!, at, at + length);
        break;
      case 4:
        bytes.splice(at, length);
        break;
      case 5:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 6: {
        const place = random(bytes.length);
        bytes.splice(place, 0, ...bytes.slice(at, at + length));
        break;
      }
      case 7:
      case 8: // mostly another number, of elements or sizes or strides
        if (bytes[at] === 0x4b) bytes[at + 1] = random(8);
        else bytes[at] = (bytes[at]! + 1) & 255;
        break;
      default:
        if (random(4) === 0) bytes = bytes.slice(0, at);
        else bytes.splice(at, 0, INSTRUCTIONS[random(INSTRUCTIONS.length)]!);
    }
  }
  return Uint8Array.from(bytes);
}

function damaged({ bytes, entries }: Specimen, random: Random): Bytes {
  if (entries.length === 0) return damage(bytes, { from: 137, random }); // behind the first three pickles
  if (random(2) === 0) {
    const directory = bytes.length - 22 - 90 * entries.length;
    return damage(bytes, { from: Math.max(0, directory), random });
  }
  return writeZip(entries.map((entry) => ({
    name: entry.name,
    bytes: entry.name.endsWith("data.pkl") ? damage(entry.bytes, { from: 0, random }) : entry.bytes,
  })));
}

/**
 * Damages the specimens in turn, `count` times in all, opens what comes out and reads every tensor.
 *
 * @param options `first`: the first seed; the others follow it. A seed says all: which specimen, and how it is damaged.
 */
export async function mutateTorch(
  count: number,
  { first = 1 }: { readonly first?: number } = {},
): Promise<TorchMutationReport> {
  const specimens = await readSpecimens();
  const failures: string[] = [];
  let [read, refused] = [0, 0];
  let slowest: readonly [number, string] = [0, ""];
  for (let seed = first; seed < first + count; seed++) {
    const specimen = specimens[seed % specimens.length]!;
    const which = `${specimen.name}, seed ${seed}`;
    const files = memoryFiles(new Map([["x", damaged(specimen, generator(seed))]]));
    const started = performance.now();
    try {
      const checkpoint = await openTorchCheckpoint(files, "x");
      for (const [name, { dtype }] of checkpoint.tensors) {
        if (isReadable(dtype)) await checkpoint.read(name);
      }
      read++;
    } catch (error) {
      const isOurs = error instanceof TorchCheckpointError || error instanceof FileError;
      if (isOurs && error.message.length < 1000) refused++;
      else failures.push(`${which}: ${error instanceof Error ? error.stack : error}`);
    }
    const took = performance.now() - started;
    if (took > slowest[0]) slowest = [took, which];
  }
  return { read, refused, failures, slowest };
}

/** Numerical Recipes' generator; the first numbers of neighbouring seeds are alike, so they are thrown away. */
function generator(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1);
  const random: Random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let i = 0; i < 5; i++) random(1);
  return random;
}

if (import.meta.main) {
  const [count = 100_000, first = 1] = Deno.args.map(Number);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(first)) {
    console.error(
      "Cannot run: usage is deno run --allow-read tools/mutate_torch.ts [COUNT [SEED]]",
    );
    Deno.exit(2);
  }
  const { read, refused, failures, slowest } = await mutateTorch(count, { first });
  for (const failure of failures) console.log(failure);
  const { rss } = Deno.memoryUsage();
  console.log(`${read} read, ${refused} refused, ${failures.length} failures`);
  console.log(`slowest ${Math.round(slowest[0])} ms: ${slowest[1]}; ${Math.round(rss / 1e6)} MB`);
  if (failures.length > 0) Deno.exit(1);
}
