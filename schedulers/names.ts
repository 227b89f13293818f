/**
 * Short names of samplers, as stable-diffusion.cpp, k-diffusion, CompVis and the AUTOMATIC1111 web UI have them.
 *
 * @module
 */

/** A sampler by name: a class and what it overrides of a model's configuration. */
export interface NamedSampler {
  /** The class's name in diffusers. */
  readonly className: string;
  /** Keys that the name stands for. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

type Entry = readonly [
  names: readonly string[],
  className: string,
  overrides?: Readonly<Record<string, unknown>>,
];

const SDE = { algorithm_type: "sde-dpmsolver++" };

/**
 * The first name of each entry is the one that messages and help give. Others' `ipndm` is another method than diffusers'
 * IPNDMScheduler, which is for networks on a circle, and their `dpmpp-2s-a` has no class there: neither has an entry.
 */
const ENTRIES: readonly Entry[] = [
  [["ddim"], "DDIMScheduler"],
  [["ddim-trailing"], "DDIMScheduler", { timestep_spacing: "trailing" }],
  [["ddim-inverse"], "DDIMInverseScheduler"],
  [["ddpm"], "DDPMScheduler"],
  [["pndm"], "PNDMScheduler"],
  [["plms"], "PNDMScheduler", { skip_prk_steps: true }],
  [["euler", "k-euler"], "EulerDiscreteScheduler"],
  [
    ["euler-a", "euler-ancestral", "k-euler-a", "k-euler-ancestral"],
    "EulerAncestralDiscreteScheduler",
  ],
  [["heun", "k-heun"], "HeunDiscreteScheduler"],
  [["lms", "k-lms"], "LMSDiscreteScheduler"],
  [["dpm2", "kdpm2", "k-dpm2", "k-dpm-2"], "KDPM2DiscreteScheduler"],
  [
    ["dpm2-a", "dpm2-ancestral", "kdpm2-a", "k-dpm2-a", "k-dpm-2-a", "k-dpm-2-ancestral"],
    "KDPM2AncestralDiscreteScheduler",
  ],
  [
    ["dpmpp-2m", "k-dpmpp-2m", "dpm-solver", "dpm-solver-multistep"],
    "DPMSolverMultistepScheduler",
    {
      solver_order: 2,
      algorithm_type: "dpmsolver++",
    },
  ],
  [["dpmpp-3m"], "DPMSolverMultistepScheduler", { solver_order: 3, algorithm_type: "dpmsolver++" }],
  [["dpmpp-2m-sde", "k-dpmpp-2m-sde"], "DPMSolverMultistepScheduler", { solver_order: 2, ...SDE }],
  [["dpmpp-2m-sde-heun"], "DPMSolverMultistepScheduler", {
    solver_order: 2,
    solver_type: "heun",
    ...SDE,
  }],
  [["dpmpp-3m-sde", "k-dpmpp-3m-sde"], "DPMSolverMultistepScheduler", { solver_order: 3, ...SDE }],
  [["dpmpp-2s", "dpm-solver-singlestep"], "DPMSolverSinglestepScheduler", {
    solver_order: 2,
    algorithm_type: "dpmsolver++",
  }],
  [["dpmpp-sde", "k-dpmpp-sde"], "DPMSolverSDEScheduler"],
  [["deis"], "DEISMultistepScheduler"],
  [["unipc", "uni-pc"], "UniPCMultistepScheduler"],
  [["edm-euler"], "EDMEulerScheduler"],
  [["lcm"], "LCMScheduler"],
  [["tcd"], "TCDScheduler"],
  [["repaint"], "RePaintScheduler"],
];

/** Ends of names that choose a spread of noise levels: `dpmpp-2m-karras`. */
const SPREADS: readonly (readonly [suffix: string, key: string])[] = [
  ["karras", "use_karras_sigmas"],
  ["exponential", "use_exponential_sigmas"],
  ["beta", "use_beta_sigmas"],
];

const BY_NAME: ReadonlyMap<string, NamedSampler> = new Map(
  ENTRIES.flatMap(([names, className, overrides = {}]) =>
    names.map((name) => [plain(name), { className, overrides }])
  ),
);

/** The names that {@linkcode namedSampler} knows, one for each sampler. */
export const SAMPLER_NAMES: readonly string[] = ENTRIES.map(([[name]]) => name!);

/**
 * The sampler of a name, however it is spelt: `DPM++ 2M Karras`, `dpm++2m`, `dpmpp_2m_karras`. Undefined if there is none.
 * `knows` tells whether a class has a configuration key.
 */
export function namedSampler(
  name: string,
  knows: (className: string, key: string) => boolean,
): NamedSampler | undefined {
  const wanted = plain(name);
  const exact = BY_NAME.get(wanted);
  if (exact !== undefined) return exact;
  for (const [suffix, key] of SPREADS) {
    if (!wanted.endsWith(suffix)) continue;
    const base = BY_NAME.get(wanted.slice(0, -suffix.length));
    if (base !== undefined && knows(base.className, key)) {
      return { className: base.className, overrides: { ...base.overrides, [key]: true } };
    }
  }
  return undefined;
}

/** Lower case, `++` written pp, nothing but letters and digits. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll("++", "pp").replaceAll(/[^a-z0-9]/g, "");
}
