/**
 * Backends by name.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { isSoftwareAdapter } from "../backends/webgpu/software_adapter.ts";
import { referenceBackend } from "../backends/reference/backend.ts";

/** Names of backends; `auto` takes the fastest that works here. */
export const BACKENDS = ["auto", "webgpu", "reference"] as const;

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
 * Makes a backend by name. `auto` takes WebGPU on a hardware adapter, else the reference: a software adapter computes the same
 * and is named only if it is asked for.
 *
 * @throws {BackendError} If there is no backend of that name, or it does not work here.
 */
export async function chooseBackend(choice: BackendChoice): Promise<ChosenBackend> {
  if (typeof choice !== "string") {
    return { backend: choice, owned: false, description: choice.name };
  }
  switch (choice) {
    case "auto":
      return await hardwareWebgpu() ?? reference("there is no hardware adapter for WebGPU");
    case "webgpu": {
      // Loaded when it is asked for: the reference alone starts sooner.
      const { hasWebgpu } = await import("../backends/webgpu/webgpu_backend.ts");
      if (!await hasWebgpu()) {
        throw new BackendError(
          "Cannot use the backend webgpu: navigator.gpu has no adapter here; a graphics driver with Vulkan, Metal or " +
            "Direct3D 12 is needed",
        );
      }
      return await webgpu();
    }
    case "reference":
      return reference();
    default:
      throw new BackendError(
        `Cannot use the backend ${JSON.stringify(choice)}: there are ${BACKENDS.join(", ")}`,
      );
  }
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

/** WebGPU if its adapter is hardware. */
async function hardwareWebgpu(): Promise<ChosenBackend | undefined> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return undefined;
  return isSoftwareAdapter(adapter.info) ? undefined : await webgpu();
}
