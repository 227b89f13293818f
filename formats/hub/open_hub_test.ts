import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileError, type FileErrorKind } from "../file_source.ts";
import { bytesOf, COMMIT, FILES, filesBelow, gitHash, sha256, withHub } from "./fake_hub_test.ts";
import { openHub } from "./open_hub.ts";

const ID = "hf:ada/model";
const LARGE = "unet/model.safetensors";
const FOLDER = "models--ada--model";

async function refuses(
  kind: FileErrorKind,
  run: () => Promise<unknown>,
  says = "",
): Promise<FileError> {
  const error = await assertRejects(run, FileError);
  assertEquals(error.kind, kind, error.message);
  assertStringIncludes(error.message, says);
  return error;
}

Deno.test("a model is read, and its cache is huggingface_hub's", () =>
  withHub(async (hub, options) => {
    const files = await openHub(ID, options);
    assertEquals(files.description, ID);
    assertEquals(await files.size(LARGE), 300_000);
    assertEquals(await files.exists(LARGE), true);
    assertEquals(await files.exists("unet/model.bin"), false);
    assertEquals(await files.list!(""), ["empty.txt", "model_index.json", "unet"]);
    assertEquals(await files.list!("unet"), ["config.json", "model.safetensors", "ü #%.bin"]);
    assertEquals(hub.transfers(), []);

    assertEquals(await files.read(LARGE, 100_000, 100_010), bytesOf(LARGE).slice(100_000, 100_010));
    assertEquals(await files.read(LARGE), bytesOf(LARGE));
    assertEquals(hub.transfers().length, 2); // the hub, and where it points to
    for (const { path, bytes } of FILES) assertEquals(await files.read(path), bytes);
    await refuses("missing", () => files.read("unet/none"), "no such file");
    await refuses("not a file", () => files.read("unet"));
    await refuses("bad path", () => files.read("../x"));
    await refuses("bad path", () => files.exists("/x"));
    await refuses("short", () => files.read(LARGE, 0, 300_001));

    assertEquals(
      filesBelow(options.cacheDir),
      [
        ...FILES.map(({ bytes, large }) =>
          `${FOLDER}/blobs/${large ? sha256(bytes) : gitHash(bytes)}`
        ),
        `${FOLDER}/refs/main`,
        ...FILES.map(({ path }) => `${FOLDER}/snapshots/${COMMIT}/${path}`),
        `${FOLDER}/trees/${COMMIT}.json`,
      ].sort(),
    );
    assertEquals(await Deno.readTextFile(`${options.cacheDir}/${FOLDER}/refs/main`), COMMIT);
    assertEquals(
      await Deno.readLink(`${options.cacheDir}/${FOLDER}/snapshots/${COMMIT}/${LARGE}`),
      `../../../blobs/${sha256(bytesOf(LARGE))}`,
    );
  }));

Deno.test("what is in the cache is not fetched again, and a commit needs no question", () =>
  withHub(async (hub, options) => {
    await (await openHub(ID, options)).read(LARGE);
    const before = hub.transfers().length;
    assertEquals(await (await openHub(ID, options)).read(LARGE), bytesOf(LARGE));
    assertEquals(hub.transfers().length, before);
    hub.seen.length = 0;
    const files = await openHub(`${ID}@${COMMIT}`, options);
    assertEquals(await files.read(LARGE, 7, 9), bytesOf(LARGE).slice(7, 9));
    assertEquals(hub.seen, []);
    // Another name of the same commit: the content is there, and only the name is new.
    await (await openHub(`${ID}@v1`, options)).read(LARGE);
    assertEquals(hub.transfers(), []);
    assertEquals(await Deno.readTextFile(`${options.cacheDir}/${FOLDER}/refs/v1`), COMMIT);
  }));

Deno.test("a content of another commit is linked, not fetched", () =>
  withHub(async (hub, options) => {
    await (await openHub(ID, options)).read(LARGE);
    await Deno.remove(`${options.cacheDir}/${FOLDER}/snapshots`, { recursive: true });
    const before = hub.transfers().length;
    assertEquals(await (await openHub(ID, options)).read(LARGE), bytesOf(LARGE));
    assertEquals(hub.transfers().length, before);
  }));

Deno.test("a cached file of a wrong length is fetched again", () =>
  withHub(async (_, options) => {
    await (await openHub(ID, options)).read(LARGE);
    await Deno.truncate(`${options.cacheDir}/${FOLDER}/blobs/${sha256(bytesOf(LARGE))}`, 5);
    assertEquals(await (await openHub(ID, options)).read(LARGE), bytesOf(LARGE));
  }));

Deno.test("offline, only the cache is read", () =>
  withHub(async (hub, options) => {
    const offline = { ...options, offline: true };
    await refuses("missing", () => openHub(ID, offline), "not in the cache");
    await refuses("missing", () => openHub(`${ID}@${COMMIT}`, offline), "offline");
    await (await openHub(ID, options)).read(LARGE);
    hub.seen.length = 0;
    for (const id of [ID, `${ID}@${COMMIT}`]) {
      const files = await openHub(id, offline);
      assertEquals(await files.read(LARGE, 5, 8), bytesOf(LARGE).slice(5, 8));
      // The file list says that it is in the model: to call it missing there would be a lie.
      assertEquals(await files.exists("unet/config.json"), true);
      await refuses("missing", () => files.read("unet/config.json"), "not whole in the cache");
    }
    await refuses("missing", () => openHub(`${ID}@v1`, offline), "not in the cache");
    assertEquals(hub.seen, []);
  }));

Deno.test("offline, a cache without a file list is read as it is", () =>
  withHub(async (_, options) => {
    const root = `${options.cacheDir}/${FOLDER}`;
    await (await openHub(ID, options)).read(LARGE);
    await Deno.remove(`${root}/trees`, { recursive: true });
    const files = await openHub(ID, { ...options, offline: true });
    assertEquals(files.description, ID);
    assertEquals(await files.read(LARGE), bytesOf(LARGE));
    assertEquals(await files.exists("unet/config.json"), false);
    assertEquals(await files.list!("unet"), ["model.safetensors"]);
  }));

Deno.test("readers at the same time share a transfer, in one source and in several", () =>
  withHub(async (hub, options) => {
    const files = await openHub(ID, options);
    const other = await openHub(ID, options);
    const all = await Promise.all([files, files, other, other].map((one) => one.read(LARGE)));
    for (const bytes of all) assertEquals(bytes, bytesOf(LARGE));
    assertEquals(hub.seen.filter(({ server }) => server === "storage").length, 1);
  }));

Deno.test("progress is heard from the first byte to the last", () =>
  withHub(async (_, options) => {
    const heard: string[] = [];
    const files = await openHub(ID, {
      ...options,
      onProgress: ({ path, loaded, total }) => heard.push(`${path} ${loaded}/${total}`),
    });
    await files.read(LARGE);
    await files.read(LARGE);
    assertEquals(heard, [`${LARGE} 0/300000`, `${LARGE} 300000/300000`]);
  }));

Deno.test("a cache that may not be written but is full is enough", () =>
  withHub(async (_, options) => {
    await (await openHub(ID, options)).read(LARGE);
    await Deno.remove(`${options.cacheDir}/${FOLDER}/refs`, { recursive: true });
    await Deno.writeTextFile(`${options.cacheDir}/${FOLDER}/refs`, "in the way of a folder");
    assertEquals(await (await openHub(ID, options)).read(LARGE), bytesOf(LARGE));
    assert((await Deno.stat(`${options.cacheDir}/${FOLDER}/refs`)).isFile);
  }));
