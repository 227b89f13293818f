/**
 * Latent diffusion for Deno and the browser.
 *
 * {@linkcode pipeline} does a task with a model; {@linkcode openModel} gives a model's parts; {@linkcode trace} and the ops
 * describe networks; a {@linkcode Backend} runs them; {@linkcode scheduler} turns a sampler's configuration into a table.
 *
 * @example
 * ```ts
 * import { pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("text-to-image", "shapes");
 * const { images } = await generate({ prompt: "a red circle", seed: 7, steps: 2, width: 32, height: 32 });
 * images[0]!.width; // 32
 * ```
 *
 * @module
 */

// Graphs
export * from "./graph/graph.ts";
export * from "./graph/op.ts";
export * from "./graph/ops/mod.ts";
export { decompose, UnsupportedOpError } from "./graph/passes/decompose.ts";
export { prune } from "./graph/passes/prune.ts";
export { withOutputs } from "./graph/passes/with_outputs.ts";
export * from "./graph/tensor_spec.ts";
export { apply, Tensor, trace, type Traced, Weights } from "./graph/trace.ts";

// Backends
export * from "./backends/backend.ts";
export * from "./backends/checked.ts";
export * from "./backends/profiled.ts";
export type { Difference } from "./backends/difference.ts";
export type { MemoryUse } from "./backends/webgpu/gpu.ts";
export type { GpuLimits } from "./backends/webgpu/kernel.ts";
export type { KernelFreeOp, KernelOp } from "./backends/webgpu/kernels/mod.ts";
export type { KernelTime } from "./backends/webgpu/program.ts";
export type { ChooseKernel, ProgramStatistics } from "./backends/webgpu/plan_program.ts";
export {
  type AdapterDescription,
  hasWebgpu,
  type WebgpuBackend,
  webgpuBackend,
  type WebgpuOptions,
  type WebgpuProgram,
} from "./backends/webgpu/webgpu_backend.ts";
export {
  type OnnxruntimeBackend,
  onnxruntimeBackend,
  type OnnxruntimeOptions,
} from "./backends/onnxruntime/onnxruntime_backend.ts";
export { type ModelFeed, OnnxruntimeModel } from "./backends/onnxruntime/model.ts";
export type {
  ExternalFile,
  OrtPort,
  OrtType,
  Provider as OnnxruntimeProvider,
} from "./backends/onnxruntime/protocol.ts";
export { OnnxRuntimeError } from "./backends/onnxruntime/runtime.ts";
export { referenceBackend, type ReferenceOptions } from "./backends/reference/backend.ts";

// Schedulers
export * from "./schedulers/plan.ts";
export {
  type NoiseSchedule,
  type PlanOptions,
  type Scheduler,
  scheduler,
  type SchedulerConfig,
  SchedulerError,
} from "./schedulers/scheduler.ts";
export {
  type KnownRegion,
  simulate,
  type SimulatedRow,
  type SimulateOptions,
} from "./schedulers/simulate.ts";

// Random numbers
export type { NoiseGenerator } from "./random/noise_generator.ts";
export { type IntegerRange, TorchGenerator } from "./random/torch_generator.ts";
export { PhiloxGenerator } from "./random/philox_generator.ts";

// Files
export {
  FileError,
  type FileErrorKind,
  type FileSource,
  memoryFiles,
  openFiles,
} from "./formats/files.ts";
export * from "./formats/images/mod.ts";
export { type ModelComponent, type ModelFolder } from "./formats/model_folder.ts";
export type { OnnxPart } from "./formats/onnx/onnx_folder.ts";
export type { OnnxSignature, SignatureFile, SignatureValue } from "./formats/onnx/signature.ts";
export { ELEMENT_TYPES, type ElementType, type OnnxDim } from "./formats/onnx/onnx_model.ts";
export { type ComponentKind } from "./formats/pipeline_classes.ts";
export { type WeightsOptions } from "./formats/open_weights.ts";
export type { ConfigReader, ListLength, NullableReader, Range } from "./formats/config_reader.ts";
export type { JsonObject, JsonValue } from "./formats/json.ts";
export { ModelError } from "./formats/model_error.ts";
export {
  openSafetensors,
  type SafetensorsEntry,
  SafetensorsError,
  type SafetensorsFile,
  type SafetensorsTensor,
  type StoredData,
  type StoredDType,
} from "./formats/safetensors.ts";
export { type WritableTensor, writeSafetensors } from "./formats/write_safetensors.ts";
export { openTokenizer, type OpenTokenizerOptions } from "./formats/tokenizers/open_tokenizer.ts";
export type { PaddedIds, Tokenizer } from "./formats/tokenizers/tokenizer.ts";

// Pipelines
export { EMBEDDED_MODELS } from "./assets/open.ts";
export {
  type BackendChoice,
  BackendError,
  BACKENDS,
  chooseBackend,
  type ChosenBackend,
} from "./pipelines/backend_choice.ts";
export { Component, type ComponentProgramOptions } from "./pipelines/component.ts";
export { GeneratedImage } from "./pipelines/generated_image.ts";
export { NonFiniteError } from "./pipelines/image_output.ts";
export type { ImageToImage, ImageToImageOptions } from "./pipelines/image_to_image_options.ts";
export type {
  Inpainting,
  InpaintingOptions,
  InpaintingResult,
  MaskReduction,
} from "./pipelines/inpainting_options.ts";
export {
  type Model,
  type ModelOptions,
  openModel,
  UnknownNetworkError,
} from "./pipelines/model.ts";
export {
  ComponentError,
  type InputSpecs,
  type Method,
  type Network,
} from "./pipelines/networks/network.ts";
export { type ModelSource, type ModelSourceOptions } from "./pipelines/model_source.ts";
export type { WeightEntry, WeightSource } from "./formats/weight_source.ts";
export {
  cascade,
  type CascadeBaseOptions,
  type CascadeResult,
  type CascadeStage,
  type DrawnPictures,
} from "./pipelines/cascade.ts";
export { pipeline, type Task, type Tasks } from "./pipelines/pipeline.ts";
export { palette } from "./pipelines/palette.ts";
export type { PaletteOptions, PaletteResult } from "./pipelines/palette_options.ts";
export { repaint } from "./pipelines/repaint.ts";
export type { GivenImages } from "./pipelines/kept_region.ts";
export type { RepaintOptions, RepaintResult } from "./pipelines/repaint_options.ts";
export type { SampleStep } from "./pipelines/sample_step.ts";
export { SettingsError } from "./pipelines/settings.ts";
export type {
  SuperResolution,
  SuperResolutionOptions,
  SuperResolutionResult,
  SuperResolutionStep,
  TileOptions,
} from "./pipelines/super_resolution_options.ts";
export type { Sides } from "./pipelines/tiling/tile_grid.ts";
export type { TileWeighting } from "./pipelines/tiling/tile_weights.ts";
export type {
  AutoencoderTiles,
  AutoencoderTilesOptions,
  AutoencoderTiling,
} from "./pipelines/tiling/autoencoder_tiles.ts";
export type { AutoencoderCost, NetworkCost, TilingCost } from "./pipelines/tiling/tiling_cost.ts";
export type { ClassOptions } from "./pipelines/class_conditioning.ts";
export type {
  Unconditional,
  UnconditionalOptions,
  UnconditionalResult,
} from "./pipelines/unconditional_options.ts";
export type {
  StepEvent,
  TextToImage,
  TextToImageOptions,
  TextToImageResult,
} from "./pipelines/text_to_image_options.ts";

export type {
  ClassificationEvent,
  ClassificationOptions,
  ClassificationResult,
  LabelScore,
  PromptErrors,
  ZeroShotImageClassification,
} from "./pipelines/classification_options.ts";
export {
  type AccuracyReport,
  accuracyReport,
  type Answer,
  type ClassAccuracy,
} from "./pipelines/classification/accuracy.ts";
export { type ClassifiedImage, PictureError } from "./pipelines/classification/picture_input.ts";
export type { Loss } from "./pipelines/classification/prediction_error.ts";
export {
  type BenchmarkName,
  CLASSIFICATION_PRESETS,
  type ClassificationPreset,
} from "./pipelines/classification/presets.ts";
export {
  countEvaluations,
  type Elimination,
  eliminationStages,
  type Stage,
} from "./pipelines/classification/stages.ts";
export type { ClassificationState } from "./pipelines/classification/state.ts";
export {
  type CaptionScores,
  scoreWinoground,
  winogroundExample,
  type WinogroundOptions,
  type WinogroundResult,
  type WinogroundScore,
  type WinogroundShare,
  winogroundShare,
} from "./pipelines/classification/winoground.ts";

// Conformance
export {
  type CaseResult,
  conform,
  type ConformOptions,
  type ConformReport,
} from "./conformance/run.ts";
