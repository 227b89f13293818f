// deno-lint-ignore-file no-console
/**
 * Time and peak memory to read a checkpoint of Stable Diffusion 1.5, to load it onto backends and to convert it, for each
 * container. The checkpoint is made here, with made-up weights in half precision (2.1 GB); each measurement is a process of
 * its own.
 *
 *     deno run -P=bench bench/loading.ts [--folder /tmp/loading] [--containers safetensors,ckpt,pt]
 *       [--work read,reference,webgpu,onnxruntime,convert-f16,convert-f32] [--json]
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { main } from "../cli/main.ts";
import { chooseBackend, type Component, f32, i32 } from "../mod.ts";
import { loadComponent } from "../pipelines/model.ts";
import { openModelSource } from "../pipelines/model_source.ts";
import type { InputSpecs } from "../pipelines/networks/network.ts";
import { CONTAINERS, writeCheckpoint } from "./synthetic_checkpoint.ts";

/** What a process reports of itself. */
interface Measured {
  /** From the start of the work, when modules are loaded, to its end. */
  readonly seconds: number;
  /** Largest resident memory, in MB. */
  readonly peak: number;
  /** Why it could not be done. */
  readonly problem?: string;
}

/** Small inputs for each network: whatever their size, all weights are loaded. */
const SPECS: readonly (readonly [component: string, method: string, specs: InputSpecs])[] = [
  ["text_encoder", "forward", { input_ids: i32(1, 77) }],
  ["unet", "forward", {
    sample: f32(1, 4, 8, 8),
    timestep: f32(1),
    encoder_hidden_states: f32(1, 77, 768),
  }],
  ["vae", "decode", { z: f32(1, 4, 8, 8) }],
];

async function work(name: string, path: string): Promise<void> {
  if (name.startsWith("convert-")) {
    const args = ["convert", path, `${path}.folder`, "--dtype", name.slice(-3)];
    if (await main(args) !== 0) throw new Error("the command failed");
    return;
  }
  const { components } = await openModelSource(path);
  if (name === "open") return;
  if (name === "read") {
    for (const component of components.values()) {
      if (component.kind !== "network") continue;
      const weights = await component.openWeights();
      for (const tensor of weights.tensors.keys()) await weights.read(tensor);
    }
    return;
  }
  const [backendName, precision] = name.split("-") as [string, "f16" | undefined];
  const { backend } = await chooseBackend(backendName as "reference");
  await using _ = backend;
  const kept: Component[] = [];
  for (const [component, method, specs] of SPECS) {
    const loaded = await loadComponent(components.get(component)!, {
      backend,
      ...(precision === undefined ? {} : { precision }),
    });
    await loaded.program(specs, { method });
    kept.push(loaded);
  }
  await backend.settled();
  console.error(`# ${name}: ${kept.length} networks are loaded`);
}

/** The most memory that the process has had: the kernel's own count, or the present where there is none. */
async function peakMegabytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return (kilobytes === undefined ? Deno.memoryUsage().rss : Number(kilobytes) * 1024) / 1e6;
}

async function child(name: string, path: string): Promise<void> {
  const start = performance.now();
  const problem = await work(name, path).then(
    () => undefined,
    (error: unknown) => error instanceof Error ? error.message : String(error),
  );
  const seconds = (performance.now() - start) / 1000;
  const measured: Measured = {
    seconds,
    peak: await peakMegabytes(),
    ...(problem === undefined ? {} : { problem }),
  };
  console.log(`\n${JSON.stringify(measured)}`);
}

/** Runs this module as a process of its own. */
async function measure(name: string, path: string): Promise<Measured> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Of all permissions, because /proc needs them.
    args: ["run", "--no-prompt", "-A", import.meta.url, "--child", name, "--path", path],
  }).output();
  const text = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  if (code === 0) return JSON.parse(text) as Measured;
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  return { seconds: NaN, peak: NaN, problem: `exit code ${code}: ${lines.at(-1)}` };
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, {
    string: ["folder", "containers", "work", "child", "path"],
    boolean: ["json"],
    default: {
      folder: "",
      containers: CONTAINERS.join(),
      work: "open,read,reference,webgpu,onnxruntime,convert-f16,convert-f32",
      child: "",
      path: "",
    },
  });
  const text = (name: string) => String(given[name as keyof typeof given]);
  const [asked, path] = [text("child"), text("path")];
  if (asked !== "") {
    await child(asked, path);
    Deno.exit(0); // whatever a backend keeps running
  }
  const folder = text("folder") || await Deno.makeTempDir();
  await Deno.mkdir(folder, { recursive: true });
  const rows: Record<string, unknown>[] = [];
  for (const container of CONTAINERS.filter((one) => text("containers").split(",").includes(one))) {
    const path = `${folder}/sd15.${container}`;
    await writeCheckpoint(path, container);
    for (const name of text("work").split(",")) {
      const { seconds, peak, problem } = await measure(name, path);
      rows.push({
        container,
        work: name,
        seconds: Number(seconds.toFixed(2)),
        "peak MB": Math.round(peak),
        ...(problem === undefined ? {} : { problem }),
      });
      if (!given.json) console.log(container, rows.at(-1));
      await Deno.remove(`${path}.folder`, { recursive: true }).catch(() => {});
    }
    await Deno.remove(path);
  }
  if (text("folder") === "") await Deno.remove(folder, { recursive: true });
  const load = Deno.loadavg().map((one) => one.toFixed(1)).join(" ");
  if (given.json) {
    console.log(JSON.stringify({ cores: navigator.hardwareConcurrency, load, rows }));
  } else {
    console.table(rows);
    console.log(`${navigator.hardwareConcurrency} cores, load ${load}`);
  }
}
