import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { openFiles, subfolder } from "../formats/files.ts";
import { judge } from "./comparison.ts";
import { OriginalGoldens } from "./original_goldens.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

const ALL = new URL("../../shared/goldens/originals/", import.meta.url);

/** Folders, and how many of their quick cases there are. Networks that nothing here builds yet are not among them. */
const FOLDERS: Readonly<Record<string, number>> = {
  "sd-v1-ckpt": 5,
  "sd-v1-safetensors": 5,
  "sd-v1-inpaint": 5,
  "sd-v2": 5,
  "txt2img-1p4B": 6,
  "vae-only": 2,
  "x4-upscaler": 5,
  "bsr_sr": 5,
  "celeba256": 5,
  "cin256": 5,
  "adm-repaint": 2,
  "inpainting_big": 5,
  "lsun_churches256": 5,
  "sr3": 1,
  "palette": 1,
};

/** One of each kind of case, of those that take a second at most. */
const QUICK = /^(unet.*\.1|unet_(not_)?ema\.0|encode\.1|decode\.1|text\.0|schedule)$/;

async function isThere(): Promise<boolean> {
  return await Deno.stat(ALL).then(() => true, () => false);
}

for (const [folder, count] of Object.entries(FOLDERS)) {
  Deno.test({
    name: `the reference computes what the original code computed: ${folder}`,
    ignore: !await isThere(),
    async fn() {
      await using backend = referenceBackend();
      await using goldens = await OriginalGoldens.open(subfolder(openFiles(ALL), folder), backend);
      const names = goldens.names.filter((name) => QUICK.test(name));
      assertEquals(names.length, count);
      for (const name of names) {
        const comparisons = await goldens.run(name);
        const { passed, worst } = judge(comparisons);
        assert(passed, `${name}: ${JSON.stringify(worst)}`);
        for (const each of comparisons) {
          if (typeof each.bound !== "number" || each.expected.length === 0) continue;
          const zeros = { ...each, expected: new Float32Array(each.expected.length) };
          assert(!judge([zeros]).passed, `${name} ${each.name} passes against zeros`);
        }
      }
    },
  });
}

Deno.test({
  name: "cases that nothing here runs are not supported, and no failure",
  ignore: !await isThere(),
  async fn() {
    await using backend = referenceBackend();
    const files = subfolder(openFiles(ALL), "celeba256");
    await using goldens = await OriginalGoldens.open(files, backend);
    const error = await goldens.run("dream.0").then(() => null, (reason) => reason);
    assert(error instanceof UnsupportedCaseError, String(error));
  },
});
