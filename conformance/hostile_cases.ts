/**
 * Damaged and malicious files: each is refused with an error of ours that gives a reason, or is rare
 * but right and read as its truth says.
 *
 * @module
 */
import type { FileSource } from "../formats/file_source.ts";
import { display, isObject, type JsonObject, type JsonValue } from "../formats/json.ts";
import { readJson } from "../formats/read_json.ts";
import type { Comparison } from "./comparison.ts";
import { withinDeadline } from "./deadline.ts";
import { type OpenedFile, openHostile, readTensors } from "./hostile_formats.ts";
import { isOurError } from "./our_error.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** One file, or folder, of the index. */
export interface HostileCase {
  /** Its path below the group. */
  readonly file: string;
  /** Its format: `safetensors`, `image`, `unet-config`, … */
  readonly kind: string;
  /**
   * Opens the file.
   *
   * A file that is read is compared with its truth; of one that is refused, the only comparison is
   * that it was.
   *
   * @throws {Error} Saying why the case fails.
   * @throws {UnsupportedCaseError} If nothing here reads the format, or if the file is the same as
   * one that has to be read.
   */
  run(): Promise<readonly Comparison[]>;
}

/** What the index says of a file. */
interface Entry {
  readonly file: string;
  readonly format: string;
  readonly expect: "accept" | "reject";
  readonly why: string;
  /** Implementations differ: the other outcome is as good, with values that equal the truth. */
  readonly optional: boolean;
  /** A clear message has one of these. */
  readonly mention: readonly string[];
  readonly truth: string | undefined;
  readonly tolerance: number;
  readonly isSubset: boolean;
}

/**
 * The cases of a folder with damaged files, as its `index.json` lists them.
 *
 * @throws {Error} If the index is not one.
 * @throws {ModelError} If there is none.
 */
export async function* hostileCases(files: FileSource): AsyncGenerator<HostileCase> {
  const index = await readJson(files, "index.json");
  if (!Array.isArray(index)) {
    throw new Error(`Cannot run ${files.description}: its index is ${display(index)}, not a list`);
  }
  const entries = index.map(readEntry);
  for (const entry of entries) {
    const { file, format } = entry;
    yield { file, kind: format, run: () => runEntry(files, { entry, entries }) };
  }
}

function readEntry(json: JsonValue): Entry {
  const fail = () => new Error(`Cannot run the case ${display(json)}: it is no entry of an index`);
  if (!isObject(json)) throw fail();
  const { expect, mention = [], optional = false, tolerance = 0 } = json;
  const text = (key: string, object: JsonObject = json): string => {
    const value = object[key];
    if (typeof value !== "string") throw fail();
    return value;
  };
  if (expect !== "accept" && expect !== "reject") throw fail();
  if (!Array.isArray(mention) || typeof optional !== "boolean") throw fail();
  if (typeof tolerance !== "number") throw fail();
  return {
    file: text("file"),
    format: text("format"),
    expect,
    why: text("why"),
    optional,
    mention,
    truth: json["truth"] === undefined ? undefined : text("truth"),
    tolerance,
    isSubset: json["truth_is_subset"] === true,
  };
}

async function runEntry(
  files: FileSource,
  { entry, entries }: { readonly entry: Entry; readonly entries: readonly Entry[] },
): Promise<readonly Comparison[]> {
  const { file, format, expect, why, optional, mention } = entry;
  const before = prototypeKeys();
  const outcome: Outcome = await withinDeadline(() => openHostile(files, { file, format }))
    .then((opened) => ({ opened }), (error: unknown) => ({ error }));
  if (prototypeKeys() !== before) {
    throw new Error(`${file} has changed what all objects inherit: ${prototypeKeys()}`);
  }
  if ("opened" in outcome) {
    if (expect === "reject" && !optional) {
      const twin = await findTwin(files, { entry, entries });
      if (twin === undefined) throw new Error(`${file} is read, though it has a fault: ${why}`);
      throw new UnsupportedCaseError(
        `refusing ${file} (${why}), which is byte for byte ${twin} and has to be read as such,`,
      );
    }
    return await compareWithTruth(files, { entry, opened: outcome.opened });
  }
  const { error } = outcome;
  if (error instanceof UnsupportedCaseError) throw error;
  if (!isOurError(error)) {
    throw new Error(`${file} is refused with an error that is none of ours: ${error}`, {
      cause: error,
    });
  }
  if (expect === "accept" && !optional) {
    throw new Error(`${file} is refused, though it is right (${why}): ${error.message}`);
  }
  const isClear = mention.length === 0 || mention.some((word) => error.message.includes(word));
  if (expect === "reject" && !isClear) {
    throw new Error(
      `${file} is refused without a mention of ${mention.join(" or ")}: ${error.message}`,
    );
  }
  return [{ name: `refused: ${error.message}`, actual: [1], expected: [1], bound: 0 }];
}

type Outcome = { readonly opened: OpenedFile } | { readonly error: unknown };

/** What every object has; a file that adds to it changes the program. */
function prototypeKeys(): string {
  return Reflect.ownKeys(Object.prototype).map(String).join();
}

async function compareWithTruth(
  files: FileSource,
  { entry, opened }: { readonly entry: Entry; readonly opened: OpenedFile },
): Promise<readonly Comparison[]> {
  const { file, truth, tolerance, isSubset } = entry;
  if (truth === undefined) {
    return [{ name: "accepted", actual: [1], expected: [1], bound: 0 }];
  }
  const expected = await readTensors(files, truth);
  if (!isSubset && opened.tensors.size !== expected.size) {
    const names = (tensors: ReadonlyMap<string, unknown>) => [...tensors.keys()].join(", ");
    throw new Error(`${file} gives ${names(opened.tensors)}; wanted ${names(expected)}`);
  }
  const comparisons = [...expected].map(([name, wanted]): Comparison => {
    const found = opened.tensors.get(name);
    if (found === undefined) throw new Error(`${file} gives no tensor ${display(name)}`);
    const [is, must] = [found, wanted].map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`);
    if (is !== must) throw new Error(`${file} gives ${display(name)} as ${is}; wanted ${must}`);
    return { name, actual: found.bytes, expected: wanted.bytes, bound: tolerance };
  });
  const count = { actual: [comparisons.length], expected: [expected.size] };
  return [{ name: "tensors", ...count, bound: 0 }, ...comparisons];
}

/** A file that has to be read and has the same bytes, if there is one. */
async function findTwin(
  files: FileSource,
  { entry, entries }: { readonly entry: Entry; readonly entries: readonly Entry[] },
): Promise<string | undefined> {
  const own = await contentsOf(files, entry.file);
  for (const { file, format, expect, optional } of entries) {
    if (format !== entry.format || expect !== "accept" || optional) continue;
    if (await contentsOf(files, file) === own) return file;
  }
  return undefined;
}

/** The bytes of a file, or of a folder's files with their names, as text. */
async function contentsOf(files: FileSource, path: string): Promise<string> {
  if (await files.exists(path)) return (await files.read(path)).toHex();
  const names = (await files.list!(path)).toSorted();
  const parts = names.map(async (name) => [name, await contentsOf(files, `${path}/${name}`)]);
  return JSON.stringify(await Promise.all(parts));
}
