/**
 * What a scheduler class is made of.
 *
 * @module
 */
import { type Config, type Keys, readConfig } from "./config_keys.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import type { Level, Row } from "./plan.ts";

/** What may be asked of a plan beyond its number of steps. Each class takes some of these ({@linkcode SchedulerClass.accepts}). */
export interface PlanOptions {
  /**
   * Image to image: the share of the steps to run, 0 to 1. The plan starts that far into the trajectory, as diffusers'
   * `get_timesteps` does.
   */
  readonly strength?: number;
  /** Image to image: how many of {@linkcode Scheduler.timesteps} to leave out at the start, instead of a strength. */
  readonly begin?: number;
  /** The timesteps to visit, from the noisiest; the number of steps is then null. */
  readonly timesteps?: readonly number[];
  /** The noise levels to visit, from the noisiest to the last; the number of steps is then null. */
  readonly sigmas?: readonly number[];
  /** DDIM: 0 is deterministic, 1 draws as much noise as DDPM (Song et al. 2021, equation 16). TCD: its gamma. */
  readonly eta?: number;
  /** DDIM: whether the noise is derived again from the limited picture. */
  readonly useClippedModelOutput?: boolean;
  /** Euler: noise added before a step (Karras et al. 2022, algorithm 2). */
  readonly sChurn?: number;
  /** Euler: the least noise level at which noise is added. */
  readonly sTmin?: number;
  /** Euler: the largest noise level at which noise is added. */
  readonly sTmax?: number;
  /** Scale of the noise drawn in the steps. */
  readonly sNoise?: number;
  /** LMS: order of the multistep method. */
  readonly order?: number;
  /** LCM and TCD: number of timesteps of the distillation that are chosen from. */
  readonly originalInferenceSteps?: number;
  /** LCM and TCD: the share of the distillation's timesteps that are chosen from, 0 to 1. */
  readonly scheduleStrength?: number;
  /** RePaint: how far one jump goes back (Lugmayr et al. 2022, section 4.2). */
  readonly jumpLength?: number;
  /** RePaint: how often each part is resampled. */
  readonly jumpNSample?: number;
}

/** A row as a class makes it; its levels are those of {@linkcode Track.level} unless it says otherwise. */
export type Move = Omit<Row, "level" | "known"> & Partial<Pick<Row, "level" | "known">>;

/** A trajectory before it is known where it starts: what `set_timesteps` leaves in diffusers. */
export interface Track {
  /** The timestep of every evaluation. */
  readonly timesteps: readonly number[];
  /** Noise over signal before every step and after the last, in single precision. */
  readonly sigmas?: Float32Array;
  /** Unit noise times this is the first sample. */
  readonly initialScale: number;
  /** How many timesteps one step of image to image's strength is worth. */
  readonly order?: number;
  /** Number of kept registers. */
  readonly kept: number;
  /** Level of the sample that is evaluated at a position of `timesteps`. */
  readonly level: (position: number) => Level;
  /** The moves from a position of `timesteps` on. */
  readonly moves: (begin: number) => readonly Move[];
}

/** A class with its configuration. */
export interface Solver {
  /** The noise schedule, if the class has one. */
  readonly noiseSchedule?: NoiseSchedule;
  /** The level that a timestep means on its own, if it means one. */
  readonly level?: (timestep: number) => Level;
  /** Spreads timesteps; `steps` is null if the options give them. */
  readonly track: (steps: number | null, options: PlanOptions) => Track;
}

/** A scheduler class of diffusers. */
export interface SchedulerClass {
  /** Its name there. */
  readonly name: string;
  /** Its configuration keys. */
  readonly keys: Keys;
  /** The options that its plans take. */
  readonly accepts: readonly (keyof PlanOptions)[];
  /** Reads a configuration. */
  readonly open: (given: Readonly<Record<string, unknown>>) => OpenedClass;
}

/** A class with a configuration. */
export interface OpenedClass {
  /** The configuration with every default filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the class does with it. */
  readonly solver: Solver;
}

/** Defines a class: `solve` sees its configuration with the types of its keys. */
export function schedulerClass<K extends Keys>(
  { name, keys, accepts, solve }: {
    readonly name: string;
    readonly keys: K;
    readonly accepts: readonly (keyof PlanOptions)[];
    readonly solve: (config: Config<K>) => Solver;
  },
): SchedulerClass {
  return {
    name,
    keys,
    accepts,
    open: (given) => {
      const config = readConfig(name, { keys, given });
      return { config, solver: solve(config) };
    },
  };
}
