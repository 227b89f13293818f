/**
 * Cascades: a model draws small, others enlarge what it drew (Ho et al. 2022, "Cascaded diffusion models").
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import type { GeneratedImage } from "./generated_image.ts";
import type { GivenImages } from "./kept_region.ts";
import { chooseSeed, SettingsError } from "./settings.ts";
import type { SuperResolution, SuperResolutionOptions } from "./super_resolution_options.ts";

/** What every pipeline that makes pictures gives back. */
export interface DrawnPictures {
  /** The pictures. */
  readonly images: readonly GeneratedImage[];
  /** `[n, 3, height, width]` in 0..1 */
  readonly tensor: HostTensorOf<"f32">;
  /** The seed, given or drawn; the first of a list. */
  readonly seed: number;
}

/** What a cascade has to know of its base's options. */
export interface CascadeBaseOptions {
  /** As of text to image. */
  readonly seed?: number | readonly number[];
  /** What the picture shows, if the base reads a text. */
  readonly prompt?: string | readonly string[];
  /** What guidance leads away from. */
  readonly negativePrompt?: string | readonly string[];
  /** Pictures, or pictures of each prompt, class or given picture. */
  readonly count?: number;
  /** Classes, if the base knows some. */
  readonly classLabels?: number | readonly number[];
  /** Pictures, if the base starts from some. */
  readonly image?: GivenImages;
  /** Masks, if the base repaints parts of pictures. */
  readonly mask?: Picture | readonly Picture[];
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** A model that enlarges, and how. */
export interface CascadeStage {
  /** What `pipeline("super-resolution", …)` gave. It stays the caller's. */
  readonly upscale: SuperResolution;
  /**
   * Its settings. Where nothing else is said, the seed is the base's and the number of the stage, prompts are the base's, and the
   * stage before is noised a little (`noiseLevel` 20, `augmentation` 0.1): what it drew is not quite what the model was trained
   * to enlarge.
   */
  readonly options?: Omit<SuperResolutionOptions, "image" | "count" | "signal">;
}

/** What a cascade made. */
export interface CascadeResult extends DrawnPictures {
  /** What each model made: the base, then the stages. The last is the result. */
  readonly stages: readonly DrawnPictures[];
}

/** Noise on what the stage before drew, for models that are not told how much it is. */
const AUGMENTATION = 0.1;

/**
 * Puts models one behind the other: what the base draws is enlarged by the first stage, and so on. Numbers go from stage to
 * stage as they are, not rounded to bytes, but to SR3, which was trained on pictures of bytes.
 *
 * Each stage is given the picture before it with some noise (conditioning augmentation), the one means that makes cascades
 * work: a model that was trained to enlarge true pictures would otherwise enlarge the faults of drawn ones.
 *
 * @param base What `pipeline("text-to-image", …)` gave, or any other pipeline that makes pictures.
 * @throws {SettingsError} If there is no stage.
 *
 * @example
 * ```ts
 * import { cascade, hostTensor } from "@denoise/denoise";
 * import { assertThrows } from "@std/assert";
 *
 * // In earnest: await pipeline("text-to-image", …), and { upscale: await pipeline("super-resolution", …) } for each stage.
 * const grey = hostTensor([1, 3, 2, 2], new Float32Array(12).fill(0.5));
 * const base = () => Promise.resolve({ images: [], tensor: grey, seed: 7 });
 * assertThrows(() => cascade(base, []), Error, "without a stage");
 * ```
 */
export function cascade<Options extends CascadeBaseOptions>(
  base: (options: Options) => Promise<DrawnPictures>,
  stages: readonly CascadeStage[],
): (options: Options) => Promise<CascadeResult> {
  if (stages.length === 0) {
    throw new SettingsError("Cannot make a cascade without a stage that enlarges");
  }
  return async (options) => {
    const { seed: asked } = options;
    // Drawn here, so that the stages' seeds follow from it.
    const seed = typeof asked === "object"
      ? asked.map((each) => chooseSeed(each))
      : chooseSeed(asked);
    const settings = (at: number, image: HostTensorOf<"f32">): SuperResolutionOptions => {
      const { upscale, options: own = {} } = stages[at]!;
      return {
        ...(upscale.readsText ? texts(options) : {}),
        ...(upscale.isToldNoise ? {} : { augmentation: AUGMENTATION }),
        seed: stageSeed(seed, at + 1),
        ...own,
        image,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      };
    };
    // Nothing is drawn for a stage that cannot be run. How large its picture will be is not known yet, nor are its latents.
    const stand = standIn(options, seed);
    for (const [at, { upscale }] of stages.entries()) {
      const { latents: _, ...rest } = settings(at, stand);
      await upscale.check(rest);
    }
    const made: DrawnPictures[] = [await base({ ...options, seed })];
    for (const [at, { upscale }] of stages.entries()) {
      made.push(await upscale(settings(at, made.at(-1)!.tensor)));
    }
    const last = made.at(-1)!;
    return {
      images: last.images,
      tensor: last.tensor,
      seed: typeof seed === "number" ? seed : seed[0]!,
      stages: made,
    };
  };
}

/** As many pictures as the base will draw. */
function standIn(
  { prompt, classLabels, image, mask, count = 1 }: CascadeBaseOptions,
  seed: number | readonly number[],
): HostTensorOf<"f32"> {
  const side = 16;
  const asked = typeof seed === "object"
    ? seed.length
    : count * Math.max(...[prompt, classLabels, image, mask].map(rowsOf));
  // A wrong number is for the base to refuse.
  const pictures = Number.isInteger(asked) && asked > 0 && asked <= 65_536 ? asked : 1;
  const shape = [pictures, 3, side, side];
  return hostTensor(shape, new Float32Array(shape[0]! * 3 * side * side));
}

/** How many rows an option makes that may be a list, or a tensor of pictures. */
function rowsOf(option: unknown): number {
  if (Array.isArray(option)) return option.length;
  const isTensor = typeof option === "object" && option !== null && "shape" in option;
  return isTensor && Array.isArray(option.shape) ? Number(option.shape[0]) : 1;
}

/** Another noise than the stage before had: equal noise of equal shapes would go in twice. */
function stageSeed<Seed extends number | readonly number[]>(seed: Seed, stage: number): Seed;
function stageSeed(
  seed: number | readonly number[],
  stage: number,
): number | readonly number[] {
  const next = (each: number) => (each + stage) % Number.MAX_SAFE_INTEGER;
  return typeof seed === "number" ? next(seed) : seed.map(next);
}

/** The base's texts: one for all pictures, or one for each that it drew. */
function texts(
  { prompt = "", negativePrompt = "", count = 1 }: CascadeBaseOptions,
): Pick<SuperResolutionOptions, "prompt" | "negativePrompt"> {
  const each = (text: string | readonly string[]) => {
    if (typeof text === "string") return text;
    return text.length === 1 ? text[0]! : text.flatMap((one) => Array<string>(count).fill(one));
  };
  return { prompt: each(prompt), negativePrompt: each(negativePrompt) };
}
