/**
 * Backends by name.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { isSoftwareAdapter } from "../backends/webgpu/software_adapter.ts";
import { referenceBackend } from "../backends/reference/backend.ts";

/** Names of backends; `auto` takes the fastest that works here. */
export const BACKENDS = [
  "auto",
  "webgpu",
  "onnxruntime",
  "onnxruntime-webgpu",
  "reference",
] as const;

/** A backend, or the name of one. */
export type BackendChoice = typeof BACKENDS[number] | Backend;

/** A backend was named that is not known, or that does not work here. */
export class BackendError extends Error {
  /** The name of this class. */
  override name = "BackendError";
}

/** A backend that was chosen. */
export interface ChosenBackend {
  /** The backend. */
  readonly backend: Backend;
  /** Whether it was made here, so that whoever chose has to dispose it. */
  readonly owned: boolean;
  /** What it runs on and why it was taken: `webgpu on NVIDIA H100`. */
  readonly description: string;
}

/**
 * Makes a backend by name. `auto` takes WebGPU on a hardware adapter, else ONNX Runtime, else the reference: a software adapter
 * is slower than ONNX Runtime on the same processor, and is taken only if it is asked for.
 *
 * @throws {BackendError} If there is no backend of that name, or it does not work here.
 */
export async function chooseBackend(choice: BackendChoice): Promise<ChosenBackend> {
  if (typeof choice !== "string") {
    return { backend: choice, owned: false, description: choice.name };
  }
  switch (choice) {
    case "auto":
      return await hardwareWebgpu() ?? await anyOnnxruntime();
    case "webgpu":
      await checkAdapter(choice);
      return await webgpu();
    case "onnxruntime":
      return await onnxruntime("wasm");
    case "onnxruntime-webgpu":
      await checkAdapter(choice);
      return await onnxruntime("webgpu");
    case "reference":
      return reference();
    default:
      throw new BackendError(
        `Cannot use the backend ${JSON.stringify(choice)}: there are ${BACKENDS.join(", ")}`,
      );
  }
}

/** @throws {BackendError} If there is no adapter. */
async function checkAdapter(choice: string): Promise<void> {
  // Loaded when it is asked for: the reference alone starts sooner.
  const { hasWebgpu } = await import("../backends/webgpu/webgpu_backend.ts");
  if (await hasWebgpu()) return;
  throw new BackendError(
    `Cannot use the backend ${choice}: navigator.gpu has no adapter here; a graphics driver with Vulkan, Metal or ` +
      "Direct3D 12 is needed",
  );
}

function reference(reason?: string): ChosenBackend {
  const why = reason === undefined ? "" : ` (${reason})`;
  return { backend: referenceBackend(), owned: true, description: `reference${why}` };
}

async function webgpu(): Promise<ChosenBackend> {
  const { webgpuBackend } = await import("../backends/webgpu/webgpu_backend.ts");
  const backend = await webgpuBackend();
  const { description, vendor, software } = backend.adapter;
  const name = description || vendor || "an unnamed adapter";
  return { backend, owned: true, description: `webgpu on ${name}${software ? " (software)" : ""}` };
}

/**
 * ONNX Runtime by one of its providers.
 *
 * @throws {BackendError} If it cannot be started here.
 */
async function onnxruntime(provider: "wasm" | "webgpu"): Promise<ChosenBackend> {
  const { onnxruntimeBackend } = await import("../backends/onnxruntime/onnxruntime_backend.ts");
  const backend = onnxruntimeBackend({ provider });
  try {
    await backend.start();
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`Cannot use the backend ${backend.name}: ${reason}`, { cause: error });
  }
  const where = provider === "wasm" ? "the CPU" : "WebGPU";
  return { backend, owned: true, description: `${backend.name} on ${where}` };
}

/** ONNX Runtime on the CPU, or the reference where it cannot be started. */
async function anyOnnxruntime(): Promise<ChosenBackend> {
  try {
    return await onnxruntime("wasm");
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return reference(`no hardware adapter for WebGPU, and ${error.message}`);
  }
}

/** WebGPU if its adapter is hardware, and gives a device. */
async function hardwareWebgpu(): Promise<ChosenBackend | undefined> {
  try {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter || isSoftwareAdapter(adapter.info)) return undefined;
    return await webgpu();
  } catch {
    return undefined; // a driver that is broken or busy; whoever asks for webgpu by name is told
  }
}
