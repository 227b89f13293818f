/**
 * What docs/schedulers.md says of every scheduler class in words.
 *
 * @module
 */

/** A paper or a program. */
export interface Source {
  readonly title: string;
  readonly url: string;
}

/** What is to be said of a class. */
export interface SchedulerNote {
  /** One or two sentences. */
  readonly what: string;
  readonly sources: readonly Source[];
  /** The order at which it approaches the exact solution, where it has no noise. */
  readonly order?: string;
  /** When to take it. */
  readonly choose: string;
}

const arxiv = (title: string, id: string): Source => ({
  title,
  url: `https://arxiv.org/abs/${id}`,
});
const DDPM = arxiv("Ho et al. 2020", "2006.11239");
const DDIM = arxiv("Song et al. 2021", "2010.02502");
const EDM = arxiv("Karras et al. 2022", "2206.00364");
const DPM = arxiv("Lu et al. 2022a", "2206.00927");
const DPMPP = arxiv("Lu et al. 2022b", "2211.01095");
const K: Source = { title: "k-diffusion", url: "https://github.com/crowsonkb/k-diffusion" };

/** By class name, in the order of the page. */
export const SCHEDULER_NOTES: Readonly<Record<string, SchedulerNote>> = {
  DDIMScheduler: {
    what:
      "Predicts the picture, then moves along the straight line between it and the noise to the next noise level. With `eta` above 0 it replaces a share of the noise by fresh noise.",
    sources: [DDIM],
    order: "1",
    choose: "The safe default, and the one to compare with what others publish.",
  },
  DDPMScheduler: {
    what:
      "The diffusion backwards, step by step, as the network was trained: every step adds fresh noise.",
    sources: [DDPM, arxiv("Nichol & Dhariwal 2021", "2102.09672")],
    choose:
      "For networks with a learned variance, or with hundreds of steps. With few steps others are better.",
  },
  PNDMScheduler: {
    what:
      "A multistep method that reuses the last four outputs. It warms up with three Runge-Kutta steps of four evaluations, or, with `skip_prk_steps` (PLMS), by evaluating the second timestep twice.",
    sources: [arxiv("Liu et al. 2022", "2202.09778")],
    order: "2 for networks that predict noise; 1 for those that predict v",
    choose:
      "PLMS where a model names it, as Stable Diffusion 1 does. The warm-up needs four steps, and image to image needs PLMS.",
  },
  EulerDiscreteScheduler: {
    what:
      "Follows the slope of the probability flow from one noise level to the next. The same as DDIM without clipping, in other units; `sChurn` adds noise before steps.",
    sources: [EDM, K],
    order: "1",
    choose: "Robust, takes every spread of noise levels, and the only one that takes given sigmas.",
  },
  EulerAncestralDiscreteScheduler: {
    what: "Euler's step further down than wanted, and fresh noise back up.",
    sources: [K],
    choose:
      "Lively pictures in 20 to 40 steps. They do not settle: another number of steps is another picture.",
  },
  HeunDiscreteScheduler: {
    what: "Euler's step, then the mean of the slopes at both of its ends: two evaluations a step.",
    sources: [EDM],
    order: "2",
    choose:
      "Accuracy that needs no history, where evaluations are many: with few it is further off than Euler's method.",
  },
  LMSDiscreteScheduler: {
    what:
      "Puts a polynomial through the slopes of up to four steps and integrates it over the next.",
    sources: [K],
    order: "that of its option `order`, 3 or a little more for 4",
    choose: "Pictures that were made with it. It holds its own beside DPM++ 2M from 10 steps on.",
  },
  KDPM2DiscreteScheduler: {
    what: "Takes the slope in the middle of the step, on a logarithmic scale of noise.",
    sources: [DPM, EDM, K],
    order: "2",
    choose: "As Heun, and less far off with few evaluations.",
  },
  KDPM2AncestralDiscreteScheduler: {
    what: "The same, with fresh noise after every step.",
    sources: [DPM, K],
    choose: "As Euler ancestral, at twice the evaluations a step.",
  },
  DPMSolverSDEScheduler: {
    what:
      "DPM-Solver++ for the stochastic equation, with noise in both of its stages. Here each stage's noise is independent; in diffusers it is of one Brownian path.",
    sources: [DPMPP, K],
    choose: "Detailed pictures with noise, at two evaluations a step.",
  },
  DPMSolverMultistepScheduler: {
    what:
      "Integrates the linear part of the flow exactly and the network's part by a polynomial in the logarithm of the signal-to-noise ratio, through the last one to three outputs. DPM++ 2M is its second order; `sde-` algorithms add noise.",
    sources: [DPM, DPMPP],
    order: "that of `solver_order`; 3 starts with a first order and ends at 2",
    choose: "The first choice for 20 steps and more, with Karras' spread; for 10, without.",
  },
  DPMSolverSinglestepScheduler: {
    what:
      "The same solvers without history: rounds of one to three steps, each of which starts again from where its round began.",
    sources: [DPM, DPMPP],
    order: "that of `solver_order`",
    choose: "Where guidance changes between steps, which history does not forgive.",
  },
  DEISMultistepScheduler: {
    what:
      "An exponential integrator as DPM-Solver is, with polynomials in the logarithm of noise over signal. It ends at the least noise level, not at 0.",
    sources: [arxiv("Zhang & Chen 2023", "2204.13902")],
    order: "that of `solver_order`; 3 starts with a first order and ends at 2",
    choose: "An alternative to DPM++ 2M.",
  },
  UniPCMultistepScheduler: {
    what:
      "A multistep predictor, whose result the next evaluation corrects at no further cost. The corrector adds one order.",
    sources: [arxiv("Zhao et al. 2023", "2302.04867")],
    order: "`solver_order` and one; 3 stays at 3",
    choose: "The first choice for 5 to 10 steps.",
  },
  EDMEulerScheduler: {
    what: "Euler's method for networks with the preconditioning of EDM, which other networks lack.",
    sources: [EDM],
    order: "1",
    choose: "Only for EDM networks.",
  },
  LCMScheduler: {
    what:
      "Every step goes all the way to the picture, and back to a lower noise level with fresh noise.",
    sources: [arxiv("Luo et al. 2023", "2310.04378")],
    choose: "Only for networks distilled for it, in 1 to 8 steps.",
  },
  TCDScheduler: {
    what:
      "As LCM, but the step ends at a noise level, of which `eta` is renewed; with an `eta` of 0 it is DDIM on the distillation's timesteps.",
    sources: [arxiv("Zheng et al. 2024", "2402.19159")],
    order: "1 with an `eta` of 0",
    choose: "Only for networks distilled for it.",
  },
  IPNDMScheduler: {
    what:
      "A fourth-order multistep method on a circle whose quarter runs from picture to noise. It has its own noise levels and takes networks that know these.",
    sources: [
      arxiv("Zhang & Chen 2023", "2204.13902"),
      { title: "v-diffusion", url: "https://github.com/crowsonkb/v-diffusion-pytorch" },
    ],
    order: "2",
    choose: "Only for networks of v-diffusion's kind.",
  },
  DDIMInverseScheduler: {
    what: "DDIM backwards: from a picture to the noise that leads to it.",
    sources: [DDIM],
    order: "1",
    choose: "For editing: invert a picture, then draw it anew under another prompt.",
  },
  RePaintScheduler: {
    what:
      "DDPM or DDIM for filling in a region: it jumps back towards the noise again and again, so that what is made and what is known come to fit.",
    sources: [arxiv("Lugmayr et al. 2022", "2201.09865")],
    order: "1 without jumps and with an `eta` of 0",
    choose: "Inpainting with networks that were not trained for it. Many evaluations.",
  },
};
