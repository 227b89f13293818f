/**
 * Scenes of the Shapes world that no model was trained on.
 *
 * @module
 */
import { drawScene, sampleScene, type Scene } from "../../assets/shapes_world.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** A scene, its caption, and its picture. */
export interface UnseenScene {
  /** Which one it is. */
  readonly number: number;
  readonly scene: Scene;
  readonly caption: string;
  readonly picture: RgbPicture;
}

/** Pixels of a side: what the embedded models draw. */
export const SIZE = 128;

/**
 * Seed of the scene 0. Training draws scenes by Python's generator, so that no seed of this one gives a scene of it; this only
 * keeps them apart from the scenes of other measurements.
 */
const FIRST_SEED = 7_000_000;

/** A scene by its number; each has a seed of its own, so that it is the same however many are asked for. */
export function unseenScene(number: number): UnseenScene {
  const { scene, caption } = sampleScene(new TorchGenerator(FIRST_SEED + number));
  const picture = { height: SIZE, width: SIZE, data: drawScene(scene, SIZE) };
  return { number, scene, caption, picture };
}
