/**
 * The benchmarks of Diffusion Classifier, as its authors ran them (Li et al. 2023; the commands of their repository).
 *
 * @module
 */
import type { Loss } from "./prediction_error.ts";

/** How a benchmark is run. The class names are the data set's. */
export interface ClassificationPreset {
  /** The data set. */
  readonly name: string;
  /** Its classes. */
  readonly classes: number;
  /** The prompt of a class; `{}` is its name. */
  readonly template: string;
  /** Timesteps of each stage. */
  readonly nSamples: readonly number[];
  /** Classes that each stage leaves. */
  readonly toKeep: readonly number[];
  /** What is averaged of the noise's error. */
  readonly loss: Loss;
  /** What the paper reports: the share of pictures, or its mean over the classes. */
  readonly metric: "accuracy" | "mean per class";
}

/** The benchmarks by name. */
export const CLASSIFICATION_PRESETS: {
  readonly [name in BenchmarkName]: ClassificationPreset;
} = {
  food101: {
    name: "Food-101",
    classes: 101,
    template: "a photo of a {}, a type of food.",
    nSamples: [20, 50, 100, 500],
    toKeep: [20, 10, 5, 1],
    loss: "l2",
    metric: "accuracy",
  },
  cifar10: {
    name: "CIFAR-10",
    classes: 10,
    template: "a blurry photo of a {}.",
    nSamples: [50, 500],
    toKeep: [5, 1],
    loss: "l1",
    metric: "accuracy",
  },
  aircraft: {
    name: "FGVC-Aircraft",
    classes: 100,
    template: "a photo of a {}, a type of aircraft.",
    nSamples: [20, 50, 100, 500],
    toKeep: [20, 10, 5, 1],
    loss: "l2",
    metric: "mean per class",
  },
  pets: {
    name: "Oxford-IIIT Pets",
    classes: 37,
    template: "a photo of a {}, a type of pet.",
    nSamples: [25, 250],
    toKeep: [5, 1],
    loss: "l1",
    metric: "mean per class",
  },
  flowers102: {
    name: "Flowers-102",
    classes: 102,
    template: "a photo of a {}, a type of flower.",
    nSamples: [20, 50, 100, 500],
    toKeep: [20, 10, 5, 1],
    loss: "l1",
    metric: "mean per class",
  },
  stl10: {
    name: "STL-10",
    classes: 10,
    template: "a photo of a {}.",
    nSamples: [100, 500],
    toKeep: [5, 1],
    loss: "l1",
    metric: "accuracy",
  },
  imagenet: {
    name: "ImageNet",
    classes: 1000,
    template: "a photo of a {}.",
    nSamples: [50, 100, 500, 1000],
    toKeep: [500, 50, 10, 1],
    loss: "l2",
    metric: "accuracy",
  },
  objectnet: {
    name: "ObjectNet",
    classes: 113,
    template: "a photo of a {}.",
    nSamples: [50, 100, 500, 1000],
    toKeep: [25, 10, 5, 1],
    loss: "l2",
    metric: "accuracy",
  },
};

/** Names of the benchmarks. */
export type BenchmarkName =
  | "food101"
  | "cifar10"
  | "aircraft"
  | "pets"
  | "flowers102"
  | "stl10"
  | "imagenet"
  | "objectnet";
