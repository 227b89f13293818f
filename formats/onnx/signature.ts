/**
 * What an .onnx file takes and gives.
 *
 * @module
 */
import { checkPath, FileError, type FileSource } from "../file_source.ts";
import { display } from "../json.ts";
import { checkGraph } from "./check_graph.ts";
import { checkTensors, elementType, type ExternalTensor } from "./check_tensors.ts";
import { decodeModel } from "./decode.ts";
import { OnnxError } from "./onnx_error.ts";
import type { ElementType, OnnxDim } from "./onnx_model.ts";
import type { Message } from "./schema.ts";

/** The opsets that ONNX Runtime 1.30 promises to run. */
export const OPSETS: readonly [number, number] = [7, 26];
/** The versions of the file format that it reads. */
export const IR_VERSIONS: readonly [number, number] = [3, 13];

/** An input or output of a file. */
export interface SignatureValue {
  /** What the caller calls it. */
  readonly name: string;
  /** Element type. */
  readonly type: ElementType;
  /** Sizes, outermost first, `""` where one is not known and has no name; `null` if not even their number is known. */
  readonly dims: readonly OnnxDim[] | null;
}

/** A file with weights that an .onnx file needs beside it. */
export interface SignatureFile {
  /** What the model calls it. */
  readonly location: string;
  /** Its path in the source of files. */
  readonly path: string;
  /** Bytes that it has. */
  readonly size: number;
}

/** What an .onnx file says of itself. */
export interface OnnxSignature {
  /** Which file, for messages. */
  readonly description: string;
  /** Version of the file format. */
  readonly irVersion: number;
  /** Version of the default operator set. */
  readonly opset: number;
  /** What the caller must give. */
  readonly inputs: readonly SignatureValue[];
  /** Results. */
  readonly outputs: readonly SignatureValue[];
  /** Files with weights; each is there, in the model's folder, and long enough. */
  readonly external: readonly SignatureFile[];
}

/** A file of 2 GiB or more is no protocol buffer. */
const LONGEST = 2 ** 31 - 1;

/**
 * Reads what an .onnx file takes and gives, and checks all that can be seen without running it: versions, the order of nodes, the
 * lengths of tensors, and the files that it needs.
 *
 * @param files Where the file is.
 * @param path The file. Those that it needs lie in its folder or below.
 * @throws {OnnxError} If it is missing, no ONNX model, damaged, of a version that is not supported, or needs a file that is
 * missing, too short, or outside its folder.
 * @throws {FileError} If a file cannot be read for another reason, such as a lack of permission.
 */
export async function readOnnxSignature(files: FileSource, path: string): Promise<OnnxSignature> {
  return (await readOnnxFile(files, path)).signature;
}

/** As {@linkcode readOnnxSignature}, with the bytes, for those who go on to run them. */
export async function readOnnxFile(
  files: FileSource,
  path: string,
): Promise<{ readonly signature: OnnxSignature; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const description = `${files.description}/${path}`;
  const fail = (problem: string, options?: ErrorOptions) =>
    new OnnxError(`Cannot use ${description}: ${problem}`, options);
  const bytes = await readWhole(files, { path, fail });
  const model = decodeModel(bytes, description);
  const versions = versionsOf(model, fail);
  const { graph } = model;
  if (graph === undefined) throw fail("it has no graph");
  const domains = (model.functions ?? []).map(({ domain = "" }) => domain);
  checkGraph(graph, { where: description, domains });
  const tensors = checkTensors(graph, description);
  const external = await checkExternal(tensors, { files, path, fail });
  const weights = new Set((graph.initializer ?? []).map(({ name }) => name));
  return {
    bytes,
    signature: {
      description,
      ...versions,
      // Files of IR version 3 list weights among the inputs, as defaults.
      inputs: (graph.input ?? []).filter(({ name }) => !weights.has(name)).map((value) =>
        valueOf(value, fail)
      ),
      outputs: (graph.output ?? []).map((value) => valueOf(value, fail)),
      external,
    },
  };
}

type Fail = (problem: string, options?: ErrorOptions) => OnnxError;

async function readWhole(
  files: FileSource,
  { path, fail }: { readonly path: string; readonly fail: Fail },
): Promise<Uint8Array<ArrayBuffer>> {
  const size = await sizeOfFile(files, { path, fail });
  // No bytes are a protocol buffer in which everything is absent.
  if (size === 0) throw fail("it is empty");
  if (size > LONGEST) throw fail(`it has ${size} bytes, and an ONNX file has less than 2 GiB`);
  const bytes = await files.read(path);
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith("version https://git-lfs.github.com")) {
    throw fail("it is a Git LFS pointer, not the file itself: fetch it with git lfs pull");
  }
  if (/^<(!doctype|html|\?xml)/i.test(start)) throw fail("it is a web page");
  return bytes;
}

async function sizeOfFile(
  files: FileSource,
  { path, fail }: { readonly path: string; readonly fail: Fail },
): Promise<number> {
  try {
    return await files.size(path);
  } catch (error) {
    if (!(error instanceof FileError) || error.kind === "denied" || error.kind === "failed") {
      throw error;
    }
    throw fail(error.message, { cause: error });
  }
}

function versionsOf(
  model: Message<"ModelProto">,
  fail: Fail,
): { readonly irVersion: number; readonly opset: number } {
  const { irVersion, opsetImport = [] } = model;
  if (irVersion === undefined) throw fail("it says no version, so it is no ONNX model");
  const isIn = (version: number, [first, last]: readonly [number, number]) =>
    version >= first && version <= last;
  if (!isIn(irVersion, IR_VERSIONS)) {
    throw fail(`its IR version is ${irVersion}; supported are ${IR_VERSIONS.join(" to ")}`);
  }
  const opset = opsetImport.find(({ domain = "" }) => domain === "" || domain === "ai.onnx")
    ?.version;
  if (opset === undefined) throw fail("it says no version of the default operator set");
  if (!isIn(opset, OPSETS)) {
    throw fail(`its opset is ${opset}; supported are ${OPSETS.join(" to ")}`);
  }
  return { irVersion, opset };
}

function valueOf({ name = "", type }: Message<"ValueInfoProto">, fail: Fail): SignatureValue {
  const tensor = type?.tensorType;
  const element = elementType(tensor?.elemType ?? 0);
  if (element === undefined) {
    throw fail(`its input or output ${display(name)} is no tensor of a type that is known here`);
  }
  const dims = tensor?.shape === undefined
    ? null
    : (tensor.shape.dim ?? []).map(({ dimValue, dimParam }) =>
      dimValue !== undefined && dimValue >= 0 ? dimValue : dimParam ?? ""
    );
  return { name, type: element, dims };
}

/** Every file once, in the order of their first use. */
async function checkExternal(
  tensors: readonly ExternalTensor[],
  { files, path, fail }: {
    readonly files: FileSource;
    readonly path: string;
    readonly fail: Fail;
  },
): Promise<readonly SignatureFile[]> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const found = new Map<string, SignatureFile>();
  for (const { name, location, offset, length } of tensors) {
    const user = `its weight ${display(name)} stands in ${display(location)}`;
    let file = found.get(location);
    if (file === undefined) {
      const inside = location.replace(/^(\.\/)+/, "");
      try {
        checkPath(inside, `the folder of ${path}`);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        throw fail(`${user}: ${error.message}`, { cause: error });
      }
      const inner = folder + inside;
      const failHere: Fail = (problem, options) => fail(`${user}: ${problem}`, options);
      const size = await sizeOfFile(files, { path: inner, fail: failHere });
      file = { location, path: inner, size };
      found.set(location, file);
    }
    if (offset + length > file.size) {
      throw fail(
        `${user}, ${length} bytes at offset ${offset}, and the file has ${file.size} bytes`,
      );
    }
  }
  return [...found.values()];
}
