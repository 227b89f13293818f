/**
 * Older spellings of weights' names.
 *
 * @module
 */
import type { WeightSource } from "./weight_source.ts";

/** What the readers of weights offer. */
type Source = Pick<WeightSource, "description" | "tensors" | "read">;

/** Attention's weights as diffusers called them before version 0.15. */
const LEGACY_ATTENTION: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** The name that a network of ours asks for, where a file has an older or newer spelling. */
function currentName(name: string, className: string): string {
  switch (className) {
    case "CLIPTextModel":
      // transformers 5.6 and later leave the prefix out.
      return /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name;
    default:
      return name.replace(
        /\b(attentions\.\d+)\.(query|key|value|proj_attn)\.(weight|bias)$/,
        (_, path: string, part: string, kind: string) =>
          `${path}.${LEGACY_ATTENTION[part]}.${kind}`,
      );
  }
}

/** The same weights under the names that are current for a class. Files that have them are returned as they are. */
export function withCurrentNames(source: Source, className: string): Source {
  const names = new Map(
    [...source.tensors.keys()].map((name) => [currentName(name, className), name]),
  );
  if ([...names].every(([current, name]) => current === name)) return source;
  return {
    description: source.description,
    tensors: new Map([...names].map(([current, name]) => [current, source.tensors.get(name)!])),
    read: (current, rows) => source.read(names.get(current) ?? current, rows),
  };
}
