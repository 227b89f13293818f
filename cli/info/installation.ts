/**
 * What works here.
 *
 * @module
 */
import { BackendError, BACKENDS, chooseBackend, EMBEDDED_MODELS } from "../../mod.ts";
import { formatTable } from "../terminal/table.ts";
import { VERSION } from "../version.ts";
import type { Report } from "./report.ts";

/** Tells the version, the embedded models, and which backends work. */
export async function describeInstallation(): Promise<Report> {
  const backends: { name: string; works: boolean; description: string }[] = [];
  for (const name of BACKENDS) {
    if (name === "auto") continue;
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
