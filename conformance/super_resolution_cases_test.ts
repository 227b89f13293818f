import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { openFiles, subfolder } from "../formats/files.ts";
import { superResolution } from "../pipelines/super_resolution.ts";
import { judge } from "./comparison.ts";
import { parseGoldenCase } from "./golden_case.ts";
import { OriginalGoldens } from "./original_goldens.ts";
import { runSuperResolutionCase } from "./super_resolution_cases.ts";

const SHARED = openFiles(new URL("../../shared/goldens/", import.meta.url));
const ignore = !await SHARED.exists("pipelines/README.md").catch(() => false);

Deno.test({
  name: "the reference passes the shared golden files of super-resolution",
  ignore,
  async fn(t) {
    await using backend = referenceBackend();
    for (const model of ["ldm-sr", "sd-x4"]) {
      await using enlarge = await superResolution(subfolder(SHARED, `models/${model}`), {
        backend,
      });
      const prefix = model === "ldm-sr" ? "ldm-sr-" : "upscale-";
      const files = (await SHARED.list!("pipelines")).filter((file) => file.startsWith(prefix));
      assert(files.length > 4, `${files.length} files`);
      for (const file of files) {
        await t.step(file, async () => {
          const golden = parseGoldenCase(await SHARED.read(`pipelines/${file}`));
          const { passed, worst } = judge(
            await runSuperResolutionCase(golden, { enlarge, exact: true }),
          );
          assert(passed, JSON.stringify(worst));
        });
      }
    }
  },
});

Deno.test({
  name: "the reference enlarges as the originals' scripts do, whole and in tiles",
  ignore,
  async fn(t) {
    await using backend = referenceBackend();
    const compared: string[] = [];
    for (const folder of ["bsr_sr", "sr3", "x4-upscaler"]) {
      const files = subfolder(SHARED, `originals/${folder}`);
      await using goldens = await OriginalGoldens.open(files, backend);
      for (const name of goldens.names.filter((each) => each.startsWith("e2e."))) {
        await t.step(`${folder} ${name}`, async () => {
          const comparisons = await goldens.run(name);
          const { passed, worst } = judge(comparisons);
          assert(passed, JSON.stringify(worst));
          compared.push(`${folder} ${comparisons.map(({ name }) => name).toSorted().join()}`);
        });
      }
    }
    assertEquals(compared, [
      "bsr_sr image,latent,uint8",
      "bsr_sr image,latent,uint8",
      "sr3 image",
      "x4-upscaler augmented,image,latent,pred_x0,uint8",
    ]);
  },
});
