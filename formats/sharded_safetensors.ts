/**
 * Reads checkpoints that are spread over several safetensors files.
 *
 * @module
 */
import { checkPath, FileError, type FileSource } from "./file_source.ts";
import { display, isObject, JsonError, type JsonValue, parseJson } from "./json.ts";
import {
  openSafetensors,
  SafetensorsError,
  type SafetensorsFile,
  type SafetensorsTensor,
} from "./safetensors.ts";

/** The largest index read: a line of about 100 bytes for each of half a million tensors. */
const LARGEST_INDEX = 50_000_000;

/** What shards are. */
export interface ShardFiles {
  /** How their names end. */
  readonly ending: string;
  /** What they are called in messages. */
  readonly kind: string;
  /** Opens one. */
  open(files: FileSource, path: string): Promise<SafetensorsFile>;
}

const SAFETENSORS: ShardFiles = {
  ending: ".safetensors",
  kind: "safetensors file",
  open: openSafetensors,
};

/**
 * Opens a checkpoint by its index, `*.safetensors.index.json`: `{ "weight_map": { name: file } }`.
 * Each tensor is read from the file that the index names for it, so the result is one source.
 *
 * The `metadata` are the first shard's.
 *
 * @param path The index. Its shards lie beside it or below.
 * @param shardFiles What the shards are, if not safetensors files.
 * @throws {SafetensorsError} If the index or a shard is damaged, a shard is missing or lies
 * elsewhere, or lacks a tensor that the index says it has.
 * @throws {FileError} If a file cannot be read for another reason.
 */
export async function openShardedSafetensors(
  files: FileSource,
  path: string,
  shardFiles: ShardFiles = SAFETENSORS,
): Promise<SafetensorsFile> {
  const description = `${files.description}/${path}`;
  const fail = (problem: string, options?: ErrorOptions) =>
    new SafetensorsError(`Cannot read ${description}: ${problem}`, options);
  const weightMap = readWeightMap(await readIndex(files, { path, fail }), { shardFiles, fail });
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const shards = new Map<string, SafetensorsFile>();
  const tensors = new Map<string, SafetensorsTensor>();
  const shardOf = new Map<string, SafetensorsFile>();
  for (const [name, shardName] of weightMap) {
    let shard = shards.get(shardName);
    if (shard === undefined) {
      shard = await openShard(files, {
        shardName,
        path: folder + shardName,
        open: shardFiles.open,
        fail,
      });
      shards.set(shardName, shard);
    }
    const tensor = shard.tensors.get(name);
    if (tensor === undefined) {
      throw fail(`it says that tensor ${display(name)} is in ${shardName}, and it is not`);
    }
    tensors.set(name, tensor);
    shardOf.set(name, shard);
  }
  const find = (name: string): SafetensorsFile => {
    const shard = shardOf.get(name);
    if (shard !== undefined) return shard;
    throw new RangeError(`Cannot read ${display(name)} of ${description}: no such tensor`);
  };
  return {
    description,
    tensors,
    metadata: shards.values().next().value?.metadata ?? new Map(),
    read: async (name, rows) => await find(name).read(name, rows),
    readStored: async (name, rows) => await find(name).readStored(name, rows),
  };
}

type Fail = (problem: string, options?: ErrorOptions) => SafetensorsError;

async function readIndex(
  files: FileSource,
  { path, fail }: { readonly path: string; readonly fail: Fail },
): Promise<JsonValue> {
  const size = await files.size(path);
  if (size > LARGEST_INDEX) {
    throw fail(`it has ${size} bytes; an index has ${LARGEST_INDEX} at most`);
  }
  try {
    return parseJson(await files.read(path));
  } catch (error) {
    throw error instanceof JsonError ? fail(error.message) : error;
  }
}

function readWeightMap(
  index: JsonValue,
  { shardFiles: { ending, kind }, fail }: { readonly shardFiles: ShardFiles; readonly fail: Fail },
): readonly [string, string][] {
  const map = isObject(index) && Object.hasOwn(index, "weight_map")
    ? index["weight_map"]
    : undefined;
  if (!isObject(map)) throw fail(`weight_map is ${display(map)}, not an object of file names`);
  return Object.entries(map).map(([name, shard]) => {
    // The ending keeps the index itself, which would be a cycle, and anything else out.
    if (typeof shard !== "string" || !shard.endsWith(ending)) {
      throw fail(`tensor ${display(name)} is in ${display(shard)}, which is no ${kind}`);
    }
    return [name, shard];
  });
}

async function openShard(
  files: FileSource,
  { shardName, path, open, fail }: {
    readonly shardName: string;
    readonly path: string;
    readonly open: ShardFiles["open"];
    readonly fail: Fail;
  },
): Promise<SafetensorsFile> {
  try {
    checkPath(shardName, files.description);
    return await open(files, path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.kind !== "missing" && error.kind !== "bad path") throw error;
    throw fail(`shard ${display(shardName)}: ${error.message}`, { cause: error });
  }
}
