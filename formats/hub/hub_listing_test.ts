import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileError, type FileErrorKind } from "../file_source.ts";
import { filesBelow, withHub } from "./fake_hub_test.ts";
import { openHub } from "./open_hub.ts";

const HASH = "0".repeat(40);

async function refuses(
  kind: FileErrorKind,
  run: () => Promise<unknown>,
  says: string,
): Promise<void> {
  const error = await assertRejects(run, FileError);
  assertEquals(error.kind, kind, error.message);
  assertStringIncludes(error.message, says);
}

Deno.test("a list with a path that leads elsewhere is refused", () =>
  withHub(async (hub, options) => {
    const paths = ["../evil", "a/../../evil", "/etc/evil", "a\\evil", "C:/evil", "", "a//b", "a\0"];
    for (const path of paths) {
      hub.list = [{ type: "file", path, size: 1, oid: HASH }];
      await refuses("bad path", () => openHub("hf:ada/model", options), "the file list of");
    }
    assertEquals(filesBelow(options.cacheDir), []);
  }));

Deno.test("hashes become names of files, so they are nothing else", () =>
  withHub(async (hub, options) => {
    const file = { type: "file", path: "a", size: 1, oid: HASH };
    const cases: [Record<string, unknown>, string][] = [
      [{ ...file, oid: "../../evil" }, "no git hash"],
      [{ ...file, oid: HASH.slice(1) }, "no git hash"],
      [{ ...file, oid: undefined }, "no git hash"],
      [{ ...file, lfs: { oid: "../../evil", size: 1 } }, "the SHA-256"],
      [{ ...file, lfs: { oid: HASH, size: 1 } }, "the SHA-256"],
      [{ ...file, size: -1 }, "no size"],
      [{ ...file, size: "1" }, "no size"],
      [{ ...file, size: 2 ** 60 }, "no size"],
      [{ ...file, path: 7 }, "no path"],
    ];
    for (const [entry, says] of cases) {
      hub.list = [entry];
      await refuses("failed", () => openHub("hf:ada/model", options), says);
    }
    hub.list = [file, file];
    await refuses("failed", () => openHub("hf:ada/model", options), "is in it twice");
  }));

Deno.test("a file that cannot be verified is not fetched", () =>
  withHub(async (hub, options) => {
    hub.list = [{ type: "file", path: "a", size: 1, oid: HASH, xetHash: "0".repeat(64) }];
    const files = await openHub("hf:ada/model", options);
    await refuses("failed", () => files.read("a"), "no SHA-256");
    assertEquals(hub.transfers(), []);
  }));

Deno.test("further pages are read, from the same server only", () =>
  withHub(async (hub, options) => {
    const page = (entries: unknown[], next: string) =>
      Response.json(entries, { headers: { link: `<${next}>; rel="next"` } });
    const whole = hub.list;
    hub.fault = ({ server, path }) =>
      !path.includes("/tree/")
        ? undefined
        : path.endsWith("2")
        ? Response.json(whole.slice(2))
        : page(whole.slice(0, 2), `${server === "hub" ? hub.endpoint : ""}${path}2`);
    const files = await openHub("hf:ada/model", { ...options, token: "hf_secret" });
    assertEquals(await files.list!(""), ["empty.txt", "model_index.json", "unet"]);
    hub.fault = ({ path }) =>
      path.includes("/tree/") ? page(whole.slice(0, 2), `${hub.storage}/tree`) : undefined;
    const other = () => openHub("hf:ada/model", { ...options, token: "hf_secret" });
    await refuses("failed", other, "goes on at another server");
    assertEquals(hub.seen.filter(({ server }) => server === "storage"), []);
  }));

Deno.test("a list without an end is given up", () =>
  withHub(async (hub, options) => {
    hub.fault = ({ path }) =>
      path.includes("/tree/") ? Response.json(Array(100_001).fill({})) : undefined;
    await refuses("failed", () => openHub("hf:ada/model", options), "more than 100000 entries");
    hub.fault = ({ path }) =>
      path.includes("/tree/")
        ? Response.json([], { headers: { link: `<${hub.endpoint}${path}>; rel="next"` } })
        : undefined;
    await refuses("failed", () => openHub("hf:ada/model", options), "more than 100 pages");
  }));

Deno.test("a page that is no hub's is an error in our words", () =>
  withHub(async (hub, options) => {
    const page = () => new Response("<html>Sign in to the hotel's network</html>");
    hub.fault = page;
    await refuses("failed", () => openHub("hf:ada/model", options), "does not answer as a hub");
    hub.fault = ({ path }) => path.includes("/tree/") ? page() : undefined;
    await refuses("failed", () => openHub("hf:ada/model", options), "does not answer as a hub");
    hub.fault = ({ path }) => path.includes("/tree/") ? Response.json({}) : undefined;
    await refuses("failed", () => openHub("hf:ada/model", options), "does not answer as a hub");
    for (const sha of [undefined, "../../evil", 7]) {
      hub.fault = () => Response.json({ _id: "1", id: "ada/model", sha });
      await refuses("failed", () => openHub("hf:ada/model", options), "names no commit");
    }
  }));
