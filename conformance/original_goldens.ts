/**
 * A folder of golden files about an original checkpoint.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import type { FileSource } from "../formats/files.ts";
import { openCheckpointWeights } from "../formats/originals/open_original_file.ts";
import type { WeightSource } from "../formats/weight_source.ts";
import type { Comparison } from "./comparison.ts";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import { originalCase } from "./original_case.ts";
import { originalCaseNames, originalVariant, runOriginalCase } from "./original_cases.ts";
import {
  openGoldenOriginal,
  OriginalCheckpoint,
  type OriginalVariant,
} from "./original_checkpoint.ts";

/** The cases of a folder; checkpoints and networks are opened once. */
export class OriginalGoldens implements AsyncDisposable {
  readonly #files: FileSource;
  readonly #backend: Backend;
  readonly #golden: GoldenCase;
  #weights: Promise<WeightSource> | undefined;
  readonly #checkpoints = new Map<OriginalVariant, Promise<OriginalCheckpoint>>();

  private constructor(files: FileSource, parts: {
    readonly backend: Backend;
    readonly golden: GoldenCase;
  }) {
    this.#files = files;
    this.#backend = parts.backend;
    this.#golden = parts.golden;
  }

  /**
   * Opens a folder: `cases.safetensors`, a checkpoint, its configuration. The backend stays the caller's.
   *
   * @throws {FileError} If the cases cannot be read. What is wrong with the checkpoint is every case's failure.
   */
  static async open(files: FileSource, backend: Backend): Promise<OriginalGoldens> {
    const golden = parseGoldenCase(await files.read("cases.safetensors"));
    return new OriginalGoldens(files, { backend, golden });
  }

  /** Names of all cases: `unet.0`, `encode.0`, … */
  get names(): readonly string[] {
    return originalCaseNames(this.#golden);
  }

  /**
   * Runs a case.
   *
   * @throws {UnsupportedCaseError} If nothing here runs such a case.
   */
  async run(name: string): Promise<readonly Comparison[]> {
    const variant = originalVariant(name);
    const known = this.#checkpoints.get(variant);
    const opening = known ?? this.#open(variant);
    if (known === undefined) this.#checkpoints.set(variant, opening);
    return await runOriginalCase(originalCase(this.#golden, name), await opening);
  }

  async #open(variant: OriginalVariant): Promise<OriginalCheckpoint> {
    const { file } = this.#golden.settings.checkpoint as { readonly file: string };
    this.#weights ??= openCheckpointWeights(this.#files, file);
    const source = await this.#weights;
    const model = await openGoldenOriginal(this.#files, { source, variant });
    return new OriginalCheckpoint(model, this.#backend);
  }

  /** Frees programs and weights. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const checkpoint of this.#checkpoints.values()) {
      await checkpoint.then((open) => open[Symbol.asyncDispose](), () => {});
    }
  }
}
