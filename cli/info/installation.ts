/**
 * What works here.
 *
 * @module
 */
import { BackendError, BACKENDS, chooseBackend, EMBEDDED_MODELS } from "../../mod.ts";
import { mayRead } from "../may_read.ts";
import { formatTable } from "../terminal/table.ts";
import { VERSION } from "../version.ts";
import type { Report } from "./report.ts";

/** Tells the version, the embedded models, and which backends work. */
export async function describeInstallation(): Promise<Report> {
  const backends: { name: string; works: boolean; description: string }[] = [];
  for (const name of BACKENDS) {
    if (name === "auto") continue;
    if (name.startsWith("onnxruntime") && !await mayReadWorker()) {
      const description =
        `Cannot use the backend ${name}: there is no permission to read its files`;
      backends.push({ name, works: false, description });
      continue;
    }
    try {
      const { backend, description } = await chooseBackend(name);
      await backend[Symbol.asyncDispose]();
      backends.push({ name, works: true, description });
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      backends.push({ name, works: false, description: error.message });
    }
  }
  return {
    json: { version: VERSION, models: EMBEDDED_MODELS, backends },
    lines: [
      `denoise ${VERSION}`,
      "",
      "Models:",
      ...formatTable(Object.entries(EMBEDDED_MODELS), { indent: 2 }),
      "",
      "Backends:",
      ...formatTable(
        backends.map((
          { name, works, description },
        ) => [name, works ? "works" : "no", description === name ? "" : description]),
        { indent: 2 },
      ),
    ],
  };
}

/** What onnxruntime runs in. Without the permission the runtime itself would complain on stderr, whatever we do. */
const WORKER = new URL("../../backends/onnxruntime/worker.ts", import.meta.url);

/** Where it comes from a server, it is a module like others. */
async function mayReadWorker(): Promise<boolean> {
  return WORKER.protocol !== "file:" || await mayRead(WORKER);
}
