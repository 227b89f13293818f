import { assertEquals, assertThrows } from "@std/assert";
import { FileError } from "../file_source.ts";
import { type Environment, hubOptionsFromEnvironment } from "./hub_environment.ts";

const HOME = "/home/ada";
const cacheOf = (env: Environment) => hubOptionsFromEnvironment(env).cacheDir;
const tokenOf = (env: Environment) => hubOptionsFromEnvironment({ HOME, ...env }).token;
const isOffline = (env: Environment) => hubOptionsFromEnvironment({ HOME, ...env }).offline;

Deno.test("the cache is where huggingface_hub has it", () => {
  assertEquals(cacheOf({ HOME }), "/home/ada/.cache/huggingface/hub");
  assertEquals(cacheOf({ USERPROFILE: "C:\\ada" }), "C:\\ada/.cache/huggingface/hub");
  assertEquals(cacheOf({ HOME, XDG_CACHE_HOME: "/x" }), "/x/huggingface/hub");
  assertEquals(cacheOf({ HOME, XDG_CACHE_HOME: "/x", HF_HOME: "/h/" }), "/h/hub");
  assertEquals(cacheOf({ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/c" }), "/c");
  assertEquals(cacheOf({ HUGGINGFACE_HUB_CACHE: "/c", HF_HUB_CACHE: "/d" }), "/d");
  assertEquals(cacheOf({ HF_HUB_CACHE: "", HF_HOME: "", HOME }), cacheOf({ HOME }));
  assertEquals(cacheOf({ HOME, HF_HOME: "~/models" }), "/home/ada/models/hub");
  assertEquals(
    cacheOf({ HOME, HF_HUB_CACHE: "$DATA/${N}a/~", DATA: "/data", N: "n$1" }),
    "/data/n$1a/~",
  );
  const error = assertThrows(() => hubOptionsFromEnvironment({}), FileError, "HF_HUB_CACHE");
  assertEquals(error.kind, "missing");
});

Deno.test("the token, and the file that may have one", () => {
  assertEquals(tokenOf({}), undefined);
  assertEquals(tokenOf({ HF_TOKEN: " hf_a\n" }), "hf_a");
  assertEquals(tokenOf({ HF_TOKEN: " " }), undefined);
  assertEquals(tokenOf({ HUGGING_FACE_HUB_TOKEN: "hf_b" }), "hf_b");
  assertEquals(tokenOf({ HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" }), "hf_a");
  const { tokenPath } = hubOptionsFromEnvironment({ HOME, HF_TOKEN_PATH: "~/secret" });
  assertEquals(tokenPath, "/home/ada/secret");
  const silent = { HOME, HF_TOKEN: "hf_a", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" };
  assertEquals(hubOptionsFromEnvironment(silent), { cacheDir: cacheOf({ HOME }), offline: false });
  assertEquals(hubOptionsFromEnvironment({ HF_HUB_CACHE: "/c" }), {
    cacheDir: "/c",
    offline: false,
  });
});

Deno.test("offline mode and the endpoint", () => {
  for (const yes of ["1", "ON", "yes", "True"]) {
    assertEquals(isOffline({ HF_HUB_OFFLINE: yes }), true);
  }
  for (const no of ["", "0", "off", "no", "2"]) {
    assertEquals(isOffline({ HF_HUB_OFFLINE: no }), false);
  }
  assertEquals(isOffline({ TRANSFORMERS_OFFLINE: "1" }), true);
  const { endpoint } = hubOptionsFromEnvironment({ HOME, HF_ENDPOINT: "https://mirror.example" });
  assertEquals(endpoint, "https://mirror.example");
});
