import { assertEquals, assertThrows } from "@std/assert";
import { findGlobal } from "./pickle_globals.ts";
import { failFor, TorchCheckpointError } from "./torch_checkpoint_error.ts";

const fail = failFor("x");
const find = (module: string, name: string) => findGlobal({ module, name }, fail).meaning.is;

Deno.test("torch's own functions and types mean something", () => {
  assertEquals(find("collections", "OrderedDict"), "dict");
  assertEquals(find("torch._utils", "_rebuild_tensor_v2"), "rebuild");
  assertEquals(find("torch", "HalfStorage"), "storage");
  assertEquals(find("torch.storage", "UntypedStorage"), "storage");
  assertEquals(find("torch", "bfloat16"), "dtype");
  assertEquals(find("torch", "Size"), "size");
});

Deno.test("plain data and classes of unknown packages are inert", () => {
  for (
    const [module, name] of [
      ["argparse", "Namespace"],
      ["pathlib", "PosixPath"],
      ["numpy", "dtype"],
      ["numpy._core.multiarray", "scalar"],
      ["_codecs", "encode"],
      ["__builtin__", "set"],
      ["typing", "Any"],
      ["pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"],
      ["omegaconf.dictconfig", "DictConfig"],
      ["ldm.util", "_Private"],
      ["__main__", "Config"],
      ["some.package", "Outer.Inner"],
    ] as const
  ) assertEquals(find(module, name), "opaque", `${module}.${name}`);
});

Deno.test("what can run something is refused by name", () => {
  for (
    const [module, name] of [
      ["os", "system"],
      ["subprocess", "Popen"],
      ["builtins", "eval"],
      ["builtins", "getattr"],
      ["builtins", "Exception"],
      ["ctypes", "CDLL"],
      ["_ctypes", "CFuncPtr"],
      ["multiprocessing.pool", "Pool"],
      ["torch", "load"],
      ["torch.os", "system"],
      ["torch.package", "PackageImporter"],
      ["torch._utils", "_rebuild_tensor_v2.__globals__"],
      ["torch._utils", "_rebuild_device_tensor_from_numpy"],
      ["numpy", "load"],
      ["numpy.testing", "Tester"],
      ["pip", "Main"],
      ["some.package", "function"],
      ["some.package", "Class.method"],
      ["some.package", "Class.__init__"],
      ["some.package", ""],
      ["", "Class"],
      ["some..package", "Class"],
      ["some package", "Class"],
      ["__proto__", "constructor"],
      ["constructor", "prototype"],
      ["torch", "__proto__"],
      ["torch", "QInt8Storage"],
      ["Some\u0130", "Class"],
    ] as const
  ) {
    const error = assertThrows(() => find(module, name), TorchCheckpointError);
    const full = JSON.stringify(`${module}.${name}`);
    assertEquals(error.message.includes(full), true, `${full}: ${error.message}`);
  }
});

Deno.test("a refusal says what a user can do", () => {
  const refuse = (module: string, name: string, message: string) =>
    assertThrows(() => find(module, name), TorchCheckpointError, message);
  refuse("torch.nn.modules.linear", "Linear", "save its state_dict");
  refuse("torch._utils", "_rebuild_qtensor", "not supported");
  refuse("torch", "QInt8Storage", "storages of that type are not supported");
});
