/**
 * Somebody's ONNX files: networks by themselves, and folders that must be refused.
 *
 * @module
 */
import type { ModelFeed } from "../backends/onnxruntime/model.ts";
import type { OrtType } from "../backends/onnxruntime/protocol.ts";
import { type FileSource, subfolder } from "../formats/files.ts";
import { readOnnxFile } from "../formats/onnx/signature.ts";
import { readJson } from "../formats/read_json.ts";
import type { Backend } from "../backends/backend.ts";
import { runsOnnxFiles } from "../pipelines/onnx/load_onnx_component.ts";
import { textToImage } from "../pipelines/text_to_image.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { isOurError } from "./our_error.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** The share of the largest magnitude that a file with halves may be off by. */
export const HALF = 2e-2;

/**
 * Runs a file on its own inputs.
 *
 * @throws {UnsupportedCaseError} If the backend runs no ONNX files.
 */
export async function runOnnxComponentCase(
  golden: GoldenCase,
  { files, backend, exact }: {
    readonly files: FileSource;
    readonly backend: Backend;
    readonly exact: boolean;
  },
): Promise<readonly Comparison[]> {
  if (!runsOnnxFiles(backend)) throw new UnsupportedCaseError(`an ONNX file on ${backend.name}`);
  const { settings, tensors } = golden;
  const folder = subfolder(files, `${settings.model}/${settings.component}`);
  const { signature, bytes } = await readOnnxFile(folder, "model.onnx");
  const external = [];
  for (const { location, path } of signature.external) {
    external.push({ path: location, data: await folder.read(path) });
  }
  using model = await backend.open(bytes, external);
  const feeds: Record<string, ModelFeed> = {};
  for (const { name, type } of signature.inputs) {
    const input = tensors.get(`input.${name}`);
    if (input === undefined) throw new Error(`Cannot run the case: it has no input ${name}`);
    feeds[name] = { input, as: type as OrtType };
  }
  const wanted = [...tensors].filter(([name]) => name.startsWith("output."));
  const made = model.run(
    feeds,
    Object.fromEntries(
      wanted.map(([name, { shape }]) => [name.slice("output.".length), { dtype: "f32", shape }]),
    ),
  );
  const errors = recordedErrors(golden);
  const isHalf = settings.precision === "float16";
  const comparisons: Comparison[] = [];
  for (const [name, expected] of wanted) {
    using value = made[name.slice("output.".length)]!;
    const m = magnitude(expected.data);
    const error = errors.get(name)?.[0] ?? 0;
    comparisons.push({
      name: name.slice("output.".length),
      actual: (await value.read()).data,
      expected: expected.data,
      bound: isHalf ? HALF * m : boundOf("network", { error, magnitude: m, exact }),
    });
  }
  return comparisons;
}

/** A folder that has one fault, or none. */
export interface OnnxFolderCase {
  /** Its path below the group. */
  readonly file: string;
  /** Opens it and draws a picture, which fails as it should. */
  run(): Promise<readonly Comparison[]>;
}

interface Entry {
  readonly file: string;
  readonly expect: "accept" | "reject";
  readonly mention?: readonly string[];
}

/** The folders that an index lists. */
export async function onnxFolderCases(
  files: FileSource,
  { backend, folder }: { readonly backend: Backend; readonly folder: string },
): Promise<readonly OnnxFolderCase[]> {
  const inner = subfolder(files, folder);
  const entries = await readJson(inner, "index.json") as unknown as readonly Entry[];
  return entries.map((entry) => ({
    file: `${folder}/${entry.file}`,
    run: () => runFolder(subfolder(inner, entry.file), { entry, backend }),
  }));
}

async function runFolder(
  files: FileSource,
  { entry, backend }: { readonly entry: Entry; readonly backend: Backend },
): Promise<readonly Comparison[]> {
  if (!runsOnnxFiles(backend)) throw new UnsupportedCaseError(`an ONNX file on ${backend.name}`);
  const { expect, mention = [] } = entry;
  const drawn = await draw(files, backend).then(() => undefined, (error: unknown) => error);
  if (expect === "accept") {
    if (drawn !== undefined) throw drawn;
    return [{ name: "a picture", actual: [1], expected: [1], bound: 0 }];
  }
  if (drawn === undefined) throw new Error("it was accepted, but has to be refused");
  if (!isOurError(drawn)) {
    throw new Error(`it was refused by an error that is not ours: ${String(drawn)}`);
  }
  if (mention.length > 0 && !mention.some((word) => drawn.message.includes(word))) {
    throw new Error(`its refusal names none of ${mention.join(", ")}: ${drawn.message}`);
  }
  return [{ name: "refused", actual: [1], expected: [1], bound: 0 }];
}

async function draw(files: FileSource, backend: Backend): Promise<void> {
  await using generate = await textToImage(files, { backend });
  await generate({ prompt: "", steps: 1, seed: 1 });
}
