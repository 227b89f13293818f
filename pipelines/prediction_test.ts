import { assertAlmostEquals, assertEquals } from "@std/assert";
import { scheduler } from "../schedulers/scheduler.ts";
import { cleanWeights, predictionOf, previewWeights } from "./prediction.ts";

Deno.test("a preview is the plan's own estimate where that is of sample and output", () => {
  const edm = scheduler("edm-euler");
  const { rows } = edm.plan(4);
  for (const row of rows) {
    const { sample, output } = previewWeights(row, predictionOf(edm));
    assertEquals([sample, output], [row.clean!.terms.sample, row.clean!.terms.output]);
  }
  const ddim = scheduler("ddim");
  for (const row of ddim.plan(4).rows) {
    const [own, general] = [previewWeights(row, "epsilon"), cleanWeights("epsilon", row.level)];
    assertAlmostEquals(own.sample, general.sample, 1e-9);
    assertAlmostEquals(own.output, general.output, 1e-9);
  }
});

Deno.test("where there is no signal a preview is finite", () => {
  for (const name of ["DDIMScheduler", "DDPMScheduler"]) {
    const zero = scheduler({
      ...{ _class_name: name, rescale_betas_zero_snr: true, timestep_spacing: "trailing" },
      ...{ prediction_type: "epsilon", clip_sample: true },
    });
    for (const row of zero.plan(4).rows) {
      const { sample, output } = previewWeights(row, "epsilon");
      assertEquals([sample, output].map((x) => Math.abs(x) < 1e6), [true, true]);
    }
  }
  const ipndm = scheduler({ _class_name: "IPNDMScheduler" });
  assertEquals(predictionOf(ipndm), "v_prediction");
  for (const row of ipndm.plan(4).rows) {
    const { sample, output } = previewWeights(row, predictionOf(ipndm));
    assertEquals([sample, output].every(Number.isFinite), true);
  }
});
