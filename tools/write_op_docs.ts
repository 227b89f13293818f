/**
 * Writes docs/ops.md from the ops themselves.
 *
 *     deno run --allow-read --allow-write=docs tools/write_op_docs.ts
 *
 * @module
 */
import { describe } from "../graph/tensor_spec.ts";
import { type OpName, ops } from "../graph/ops/mod.ts";
import type { OpDefinition } from "../graph/op.ts";

/** The page. */
export function opDocs(): string {
  // A union of definitions, as one type for a loop.
  const definitions = Object.values(ops) as unknown as OpDefinition<OpName>[];
  const lines = [
    "# Ops",
    "",
    "What graphs are made of. Tensors are dense and row-major, images `[n, c, h, w]`; `?` marks inputs that may be left out. Every",
    "line of an op's table is run on each backend by `deno task conform`. This page is written by `tools/write_op_docs.ts`.",
    "",
  ];
  for (const { name, inputs, summary, decompose, cases } of definitions) {
    lines.push(`## ${name}`, "", summary, "");
    lines.push(`Inputs: ${inputs === "" ? "none" : `\`${inputs}\``}.`);
    const attributes = Object.keys(cases[0]?.attributes ?? {});
    if (attributes.length > 0) {
      lines.push(`Attributes: ${attributes.map((key) => `\`${key}\``).join(", ")}.`);
    }
    if (decompose !== undefined) lines.push("It can be put in terms of other ops.");
    lines.push("", "| case | inputs | attributes |", "| --- | --- | --- |");
    for (const each of cases) {
      const shown = JSON.stringify(each.attributes).replaceAll('"', "").replaceAll("|", "\\|");
      lines.push(
        `| ${each.name} | ${each.inputs.map(describe).join(", ")} | ${
          shown.length > 90 ? "…" : shown
        } |`,
      );
    }
    lines.push("");
  }
  return lines.join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../docs/ops.md", import.meta.url), opDocs());
}
