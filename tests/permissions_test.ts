/**
 * What the command asks the system for, by the runtime's own audit.
 */
import { assert, assertEquals } from "@std/assert";
import { inFolder, runDenoise } from "../cli/testing/run_denoise.ts";
import { encodePng, settingsText, writeSafetensors } from "../mod.ts";
import { tinyCheckpoint } from "./originals/tiny_checkpoint.ts";

const path = (relative: string) =>
  decodeURIComponent(new URL(relative, import.meta.url).pathname).replace(/\/$/, "");

const ROOT = path("..");
const GOLDENS = path("./goldens");

/** What was asked for: `read /tmp/a/model.ckpt`. */
async function asked(
  args: readonly string[],
  { cwd, read }: { readonly cwd: string; readonly read: string },
): Promise<{ readonly asked: string[]; readonly out: string }> {
  const log = `${cwd}/audit.jsonl`;
  const { code, out, err } = await runDenoise(args, {
    cwd,
    permissions: [`--allow-read=${read}`],
    env: { DENO_AUDIT_PERMISSIONS: log },
  });
  assertEquals([code, err], [0, ""], `${args.join(" ")}: ${err}${out}`);
  const lines = (await Deno.readTextFile(log)).trim().split("\n").filter((line) => line !== "");
  await Deno.remove(log);
  const values = lines.map((line) => {
    const { permission, value } = JSON.parse(line) as { permission: string; value: string };
    const isRelative = permission === "read" && !value.startsWith("/");
    return `${permission} ${isRelative ? `${cwd}/${value.replace(/^\.\//, "")}` : value}`;
  });
  return { asked: [...new Set(values)].sort(), out };
}

/** Nothing else than to read, and that below a path only. */
function assertWithin(asked: readonly string[], place: string): void {
  assert(asked.length > 0, "the audit is empty");
  const others = asked.filter((each) =>
    each !== `read ${place}` && !each.startsWith(`read ${place}/`)
  );
  assertEquals(others, []);
}

const windows = Deno.build.os === "windows";

Deno.test(
  "info reads what is named, with permission for no more",
  { ignore: windows },
  () =>
    inFolder(async (cwd) => {
      const pixel = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) } as const;
      const png = await encodePng(pixel, { text: settingsText({ prompt: "a", steps: 2 }) });
      await Deno.writeFile(`${cwd}/a.png`, png);
      await Deno.writeFile(
        `${cwd}/tiny.safetensors`,
        writeSafetensors(await tinyCheckpoint("clip")),
      );
      await Deno.writeTextFile(`${cwd}/tiny.yaml`, "no: permission");
      for (const name of ["a.png", "tiny.safetensors"]) {
        const { asked: found } = await asked(["info", name], { cwd, read: `${cwd}/${name}` });
        assertEquals(found, [`read ${cwd}/${name}`]);
      }
      // What may not be seen is said.
      const { out } = await asked(["info", "tiny.safetensors"], {
        cwd,
        read: `${cwd}/tiny.safetensors`,
      });
      assert(out.includes("No permission to look for a configuration beside it: tiny.yaml"), out);
      for (const folder of [`${ROOT}/assets/shapes`, `${GOLDENS}/models/ldm-text`]) {
        const { asked: found } = await asked(["info", folder], { cwd, read: folder });
        assertWithin(found, folder);
      }
      const embedded = `${ROOT}/assets/shapes`;
      assertWithin((await asked(["info", "shapes"], { cwd, read: embedded })).asked, embedded);
    }),
);

Deno.test("conform reads the folder that is named, with permission for no more", {
  ignore: windows,
}, () =>
  inFolder(async (cwd) => {
    // Of tokenizers the full vocabularies are looked for beside the folder, too.
    const args = ["conform", GOLDENS, "--group", "rng,safetensors,schedulers,resize"];
    const { asked: found, out } = await asked(args, { cwd, read: GOLDENS });
    assert(/: [1-9]\d* passed, 0 failed/.test(out), out);
    assertWithin(found, GOLDENS);
  }));

Deno.test("conform without a folder, and info without a subject, ask for nothing", () =>
  inFolder(async (cwd) => {
    for (const args of [["conform", "--kind", "softmax"], ["info"]]) {
      const log = `${cwd}/audit.jsonl`;
      await Deno.writeTextFile(log, "");
      const { code, err } = await runDenoise(args, {
        cwd,
        permissions: [],
        env: { DENO_AUDIT_PERMISSIONS: log },
      });
      assertEquals([code, err], [0, ""]);
      assertEquals(await Deno.readTextFile(log), "", args.join(" "));
    }
  }));
