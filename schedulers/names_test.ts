import { assertEquals } from "@std/assert";
import { CLASSES } from "./classes.ts";
import { namedSampler, SAMPLER_NAMES } from "./names.ts";

const knows = (name: string, key: string) => Object.hasOwn(CLASSES.get(name)?.keys ?? {}, key);

Deno.test("every name belongs to a class that knows its keys", () => {
  for (const name of SAMPLER_NAMES) {
    const { className, overrides } = namedSampler(name, knows)!;
    assertEquals(Object.keys(overrides).filter((key) => !knows(className, key)), [], name);
  }
});

Deno.test("a name may be spelt as any of its programs spells it", () => {
  const spellings = {
    EulerAncestralDiscreteScheduler: [
      "Euler a",
      "euler_a",
      "euler-a",
      "k_euler_a",
      "euler_ancestral",
    ],
    DPMSolverMultistepScheduler: ["DPM++ 2M", "dpm++2m", "dpmpp_2m", "k_dpmpp_2m", "dpmpp-2m"],
    KDPM2AncestralDiscreteScheduler: ["DPM2 a", "k_dpm_2_a", "dpm2-a"],
    DPMSolverSDEScheduler: ["DPM++ SDE", "dpmpp_sde"],
    PNDMScheduler: ["PLMS", "plms"],
    UniPCMultistepScheduler: ["UniPC", "uni_pc"],
  };
  for (const [className, names] of Object.entries(spellings)) {
    for (const name of names) assertEquals(namedSampler(name, knows)?.className, className, name);
  }
});

Deno.test("a spread of noise levels is a suffix, of classes that have it", () => {
  assertEquals(namedSampler("DPM++ 2M SDE Karras", knows), {
    className: "DPMSolverMultistepScheduler",
    overrides: { solver_order: 2, algorithm_type: "sde-dpmsolver++", use_karras_sigmas: true },
  });
  assertEquals(namedSampler("euler-beta", knows)?.overrides, { use_beta_sigmas: true });
  assertEquals(namedSampler("LMS Exponential", knows)?.overrides, { use_exponential_sigmas: true });
  assertEquals(namedSampler("ddim-karras", knows), undefined);
  assertEquals(namedSampler("dpmpp-2s-a", knows), undefined);
});
