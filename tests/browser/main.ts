// deno-lint-ignore-file no-console
/**
 * Serves the library to headless Chromium, which draws two steps of the embedded model on its software adapter, and compares the
 * latents with those of the reference backend.
 *
 *     deno task browser [--chromium PATH]
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { pipeline } from "../../mod.ts";
import { boundOf, judge, magnitude } from "../../conformance/comparison.ts";

/** What the page posts. */
type PageResult =
  | { readonly error: string }
  | { readonly latents: readonly number[]; readonly backend: string; readonly bytes: number };

const { chromium } = parseArgs(Deno.args, {
  string: ["chromium"],
  default: { chromium: "/usr/bin/chromium" },
});
const root = new URL("../../", import.meta.url);

async function bundle(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--platform=browser",
      `--output=${folder}/page.js`,
      new URL("page.ts", import.meta.url).pathname,
    ],
    cwd: root.pathname,
  }).output();
  if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr)}`);
}

const folder = await Deno.makeTempDir();
try {
  await bundle(folder);
  const { promise: posted, resolve } = Promise.withResolvers<PageResult>();
  const types: Readonly<Record<string, string>> = {
    js: "text/javascript",
    json: "application/json",
  };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/result") {
        resolve(await request.json());
        return new Response();
      }
      if (pathname === "/") {
        return new Response('<!doctype html><script type="module" src="/page.js"></script>', {
          headers: { "content-type": "text/html" },
        });
      }
      // The model lies beside the bundle, as assets/open.ts expects.
      const file = pathname === "/page.js"
        ? `${folder}/page.js`
        : new URL(`assets${pathname}`, root);
      const content = await Deno.readFile(file).catch(() => undefined);
      if (content === undefined) return new Response("not found", { status: 404 });
      const type = types[pathname.split(".").at(-1)!] ?? "application/octet-stream";
      return new Response(content, { headers: { "content-type": type } });
    },
  );
  const process = new Deno.Command(String(chromium), {
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      `--user-data-dir=${folder}/profile`,
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      `http://127.0.0.1:${server.addr.port}/`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timeout = setTimeout(
    () => resolve({ error: "Chromium has not answered in five minutes" }),
    300_000,
  );
  const result = await posted;
  clearTimeout(timeout);
  process.kill();
  await process.status;
  if ("error" in result) throw new Error(`Cannot draw in the browser: ${result.error}`);

  await using generate = await pipeline("text-to-image", "shapes", { backend: "reference" });
  const { latents } = await generate({
    prompt: "a red circle above a blue square",
    seed: 7,
    steps: 2,
  });
  // Two evaluations: the bound of a sampling loop, with the error that float32 has here.
  const bound = boundOf("sampling", {
    error: 4e-7,
    magnitude: magnitude(latents.data),
    exact: false,
  });
  const { passed, worst } = judge([
    { name: "latents", actual: result.latents, expected: latents.data, bound },
  ]);
  console.log(
    `${result.backend} in Chromium: largest difference ${worst?.difference}, bound ${worst?.bound}`,
  );
  if (!passed) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
