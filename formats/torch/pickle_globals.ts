/**
 * The names that a pickle may import, and what they stand for.
 *
 * Nothing is ever imported: a name is looked up here, or it is refused. Names that are known to be plain data, and classes
 * of packages that nobody here knows, become objects that do nothing. Whatever else could be called is refused, even where
 * it is only named: no checkpoint needs it.
 *
 * @module
 */
import { display } from "../json.ts";
import type { StoredDType } from "../safetensors_dtype.ts";
import { isRefusedModule } from "./refused_modules.ts";
import type { PickleGlobal } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** How a tensor is put together: the functions differ in their arguments. */
export type Rebuild = "tensor" | "tensor v2" | "tensor v3" | "parameter" | "parameter with state";

/** What a name stands for. */
export type GlobalMeaning =
  | { readonly is: "dict" }
  | { readonly is: "size" }
  | { readonly is: "rebuild"; readonly what: Rebuild }
  /** The class of a storage; null for bytes. */
  | { readonly is: "storage"; readonly dtype: StoredDType | null }
  | { readonly is: "dtype"; readonly dtype: StoredDType }
  /** Plain data that means nothing here. */
  | { readonly is: "opaque" };

/** Element types by their names in torch. Types without an equal in safetensors are not read. */
const DTYPES: Readonly<Record<string, StoredDType>> = {
  float16: "F16",
  half: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float: "F32",
  float64: "F64",
  double: "F64",
  complex64: "C64",
  cfloat: "C64",
  int8: "I8",
  int16: "I16",
  short: "I16",
  int32: "I32",
  int: "I32",
  int64: "I64",
  long: "I64",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  bool: "BOOL",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
  float8_e4m3fnuz: "F8_E4M3FNUZ",
  float8_e5m2fnuz: "F8_E5M2FNUZ",
  float8_e8m0fnu: "F8_E8M0",
};

const STORAGES: Readonly<Record<string, StoredDType>> = {
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  FloatStorage: "F32",
  DoubleStorage: "F64",
  ComplexFloatStorage: "C64",
  CharStorage: "I8",
  ShortStorage: "I16",
  IntStorage: "I32",
  LongStorage: "I64",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** Plain data of Python, numpy and torch: sets, paths, numbers, what hyper-parameters are made of. */
const OPAQUE = `
_codecs.encode argparse.Namespace collections.Counter collections.deque types.SimpleNamespace typing.Any uuid.UUID
datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction
pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath
pathlib._local.Path pathlib._local.PosixPath pathlib._local.WindowsPath pathlib._local.PurePath
pathlib._local.PurePosixPath pathlib._local.PureWindowsPath
numpy.dtype numpy.ndarray numpy.bool_ numpy.float16 numpy.float32 numpy.float64 numpy.int32 numpy.int64
numpy.core.multiarray.scalar numpy.core.multiarray._reconstruct numpy._core.multiarray.scalar
numpy._core.multiarray._reconstruct numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
torch.device
`.split(/\s+/).filter((name) => name !== "");

/** Types of Python: of version 2, of version 3. */
const BUILTINS = [
  "set",
  "frozenset",
  "list",
  "dict",
  "tuple",
  "int",
  "float",
  "bool",
  "str",
  "bytes",
  "bytearray",
]
  .concat(["complex", "object", "slice", "range", "unicode", "long"]);

const MEANINGS: ReadonlyMap<string, GlobalMeaning> = new Map<string, GlobalMeaning>([
  ["collections.OrderedDict", { is: "dict" }],
  ["collections.defaultdict", { is: "dict" }],
  ["torch.Size", { is: "size" }],
  ["torch._utils._rebuild_tensor", { is: "rebuild", what: "tensor" }],
  ["torch._utils._rebuild_tensor_v2", { is: "rebuild", what: "tensor v2" }],
  ["torch._utils._rebuild_tensor_v3", { is: "rebuild", what: "tensor v3" }],
  ["torch._utils._rebuild_parameter", { is: "rebuild", what: "parameter" }],
  ["torch._utils._rebuild_parameter_with_state", { is: "rebuild", what: "parameter with state" }],
  ["torch.storage.UntypedStorage", { is: "storage", dtype: null }],
  ...entries(STORAGES, (dtype) => ({ is: "storage", dtype })),
  ...entries(DTYPES, (dtype) => ({ is: "dtype", dtype })),
  ...OPAQUE.map((name) => [name, { is: "opaque" }] as const),
  ...["builtins", "__builtin__"].flatMap((module) =>
    BUILTINS.map((name) => [`${module}.${name}`, { is: "opaque" }] as const)
  ),
]);

function entries(
  types: Readonly<Record<string, StoredDType>>,
  meaning: (dtype: StoredDType) => GlobalMeaning,
): readonly (readonly [string, GlobalMeaning])[] {
  return Object.entries(types).map(([name, dtype]) => [`torch.${name}`, meaning(dtype)]);
}

/** A module of Python, and a name that is a class by convention (PEP 8), in another class perhaps. */
const MODULE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const CLASS = /^_?[A-Z]\w*(\._?[A-Z]\w*)*$/;

/**
 * Looks up a name.
 *
 * @throws {TorchCheckpointError} If it is neither known to be harmless nor a class of an unknown package.
 */
export function findGlobal(
  { module, name }: { readonly module: string; readonly name: string },
  fail: Fail,
): PickleGlobal {
  const full = `${module}.${name}`;
  const known = MEANINGS.get(full);
  if (known !== undefined) return { kind: "global", name: full, meaning: known };
  if (MODULE.test(module) && CLASS.test(name) && !isRefusedModule(module)) {
    return { kind: "global", name: full, meaning: { is: "opaque" } };
  }
  throw fail(`its pickle names ${display(full)}, ${reasonOf(module, name)}`);
}

function reasonOf(module: string, name: string): string {
  if (module === "torch._utils" && name.startsWith("_rebuild_")) {
    return "so it has a tensor of a kind (sparse, quantised, …) that is not supported";
  }
  if (module === "torch" && name.endsWith("Storage")) {
    return "and storages of that type are not supported";
  }
  if (module.startsWith("torch.nn.")) {
    return "so it holds a whole module with its code; save its state_dict instead";
  }
  return "which is not among the names that a checkpoint may use; nothing of it was run";
}
