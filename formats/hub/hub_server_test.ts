import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileError, type FileErrorKind } from "../file_source.ts";
import { bytesOf, COMMIT, filesBelow, withHub } from "./fake_hub_test.ts";
import type { HubOptions } from "./hub_options.ts";
import { openHub } from "./open_hub.ts";

const LARGE = "unet/model.safetensors";
const SMALL = "unet/config.json";
const TOKEN = "hf_secret";

async function refuses(
  kind: FileErrorKind,
  run: () => Promise<unknown>,
  says: string,
): Promise<void> {
  const error = await assertRejects(run, FileError);
  assertEquals(error.kind, kind, error.message);
  assertStringIncludes(error.message, says);
  assertEquals(error.message.includes(TOKEN), false);
}

async function read(path: string, options: HubOptions): Promise<Uint8Array> {
  return await (await openHub("hf:ada/model", options)).read(path);
}

function status(code: number, headers: Record<string, string> = {}): Response {
  return new Response("{}", { status: code, headers });
}

Deno.test("the token goes to the hub, and to no server that it points to", () =>
  withHub(async (hub, options) => {
    await read(LARGE, { ...options, token: TOKEN });
    const seen = hub.seen.map(({ server, authorization }) => `${server} ${authorization}`);
    assertEquals([...new Set(seen)], [`hub Bearer ${TOKEN}`, "storage null"]);
  }));

Deno.test("the token does not come back to the hub through another server", () =>
  withHub(async (hub, options) => {
    hub.fault = ({ server, path, authorization }) => {
      if (server === "storage") {
        return new Response(null, { status: 302, headers: { location: `${hub.endpoint}/back` } });
      }
      if (path !== "/back") return undefined;
      return authorization === null ? new Response(bytesOf(LARGE)) : status(500);
    };
    assertEquals(await read(LARGE, { ...options, token: TOKEN }), bytesOf(LARGE));
  }));

Deno.test("a token that cannot be one, and an endpoint that is none, are refused", () =>
  withHub(async (hub, options) => {
    for (const token of ["hf_secret\nx: y", "", "hf_secret "]) {
      await refuses("denied", () => openHub("hf:ada/model", { ...options, token }), "token");
    }
    for (const endpoint of ["huggingface.co", "file:///etc", "https://a/?b", ""]) {
      await refuses("bad path", () => openHub("hf:ada/model", { ...options, endpoint }), "address");
    }
    assertEquals(hub.seen, []);
  }));

Deno.test("refusals say what to do", () =>
  withHub(async (hub, options) => {
    const cases = [
      [401, {}, false, "denied", "check the name, or give a token"],
      [401, { "x-error-code": "RepoNotFound" }, true, "denied", "there is no such model"],
      [401, {}, true, "denied", "it is wrong or has expired"],
      [401, { "x-error-code": "GatedRepo" }, false, "denied", "accept its terms at"],
      [403, { "x-error-code": "GatedRepo" }, true, "denied", "has no access: ask for it at"],
      [403, {}, true, "denied", "the token may not read it"],
      [403, {}, false, "denied", "it may not be read: give a token"],
      [404, { "x-error-code": "RepoNotFound" }, true, "missing", "or the token may not see it"],
      [404, { "x-error-code": "RepoNotFound" }, false, "missing", "there is no such model"],
      [404, { "x-error-code": "EntryNotFound" }, false, "missing", "no such file"],
      [418, {}, false, "failed", "the server answered 418"],
    ] as const;
    const open = await openHub("hf:ada/model", options);
    for (const [code, headers, authorized, kind, says] of cases) {
      hub.fault = () => status(code, headers);
      hub.seen.length = 0;
      const asked = authorized ? { ...options, token: TOKEN } : options;
      await refuses(kind, () => openHub("hf:ada/model", asked), says);
      assertEquals(hub.seen.length, 1); // no is no
      if (!authorized) await refuses(kind, () => open.read(SMALL), says);
    }
    hub.fault = () => undefined;
    const none = () => openHub("hf:ada/model@v9", options);
    await refuses("missing", none, "hf:ada/model@v9: it has no such revision");
    assertEquals(filesBelow(options.cacheDir), []);
  }));

Deno.test("a busy or failing server is asked again, as late as it wishes", () =>
  withHub(async (hub, options) => {
    const answers = [
      status(429, { "retry-after": "0.05" }),
      status(503),
      undefined,
      status(500),
      status(504),
    ];
    const start = performance.now();
    hub.fault = () => answers.shift();
    assertEquals(await read(SMALL, options), bytesOf(SMALL));
    assertEquals(performance.now() - start >= 50, true);
    hub.fault = () => status(429);
    hub.seen.length = 0;
    await refuses("failed", () => openHub("hf:ada/model", options), "too many requests");
    assertEquals(hub.seen.length, 3);
  }));

Deno.test("an expired address of the storage server is asked for again", () =>
  withHub(async (hub, options) => {
    let count = 0;
    hub.fault = ({ server }) => server === "storage" && count++ === 0 ? status(403) : undefined;
    assertEquals(await read(LARGE, options), bytesOf(LARGE));
    assertEquals(
      hub.transfers().map(({ server }) => server),
      ["hub", "storage", "hub", "storage"],
    );
  }));

Deno.test("redirections are followed, but not on and on, nor out of encryption", () =>
  withHub(async (hub, options) => {
    const to = (location: string) => new Response(null, { status: 307, headers: { location } });
    hub.fault = ({ path }) =>
      // a model that was renamed
      path.startsWith("/api/models/ada/old/")
        ? to(path.replace("ada/old", "ada/model"))
        : undefined;
    const renamed = await openHub("hf:ada/old", options);
    assertEquals(await renamed.size(LARGE), 300_000);
    hub.fault = ({ path }) => path.includes("/resolve/") ? to("") : undefined;
    await refuses("failed", () => read(SMALL, options), "points on and on");
    hub.fault = ({ path }) => path.includes("/resolve/") ? to("file:///etc/passwd") : undefined;
    await refuses("failed", () => read(SMALL, options), "points to no address");
    const safe = {
      ...options,
      endpoint: "https://127.0.0.1",
      fetch: () => Promise.resolve(to("http://127.0.0.1/x")),
    };
    await refuses("failed", () => openHub("hf:ada/model", safe), "without encryption");
  }));

Deno.test("a server that is not there is asked patiently; the cache is pointed to", () =>
  withHub(async (hub, options) => {
    await read(SMALL, options);
    let asked = 0;
    const broken = {
      ...options,
      fetch: () => {
        asked++;
        return Promise.reject(new TypeError("error sending request"));
      },
    };
    const says = `(3 attempts); offline mode would use what the cache has of commit ${COMMIT}`;
    await refuses("failed", () => openHub("hf:ada/model", broken), says);
    assertEquals(asked, 3);
    await refuses("failed", () => openHub("hf:ada/other", broken), "the connection failed");
    const denied = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
    const forbidden = { ...options, fetch: () => Promise.reject(denied) };
    await refuses("denied", () => openHub("hf:ada/model", forbidden), "Requires net access");
    assertEquals(hub.seen.length > 0, true);
  }));

Deno.test("answers may come compressed, files may not", () =>
  withHub(async (hub, options) => {
    const packed = async (bytes: Uint8Array<ArrayBuffer>) => {
      const body = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
      const headers = { "content-encoding": "gzip", "content-type": "application/json" };
      return new Response(await new Response(body).bytes(), { headers });
    };
    hub.fault = ({ path }, bytes) =>
      path.includes("/tree/")
        ? packed(new TextEncoder().encode(JSON.stringify(hub.list)))
        : path.endsWith(SMALL)
        ? packed(bytes)
        : undefined;
    const files = await openHub("hf:ada/model", options);
    assertEquals(await files.read(LARGE), bytesOf(LARGE));
    await refuses("failed", () => files.read(SMALL), "the server compresses it");
  }));
