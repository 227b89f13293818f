/**
 * An original checkpoint as a model that pipelines take.
 *
 * @module
 */
import { originalFolder } from "../formats/originals/original_folder.ts";
import type { Model } from "../pipelines/model.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";

/** Gives a checkpoint the shape of a model. It stays the checkpoint's: disposing the model frees nothing. */
export function checkpointModel(checkpoint: OriginalCheckpoint): Model {
  const { model, backend } = checkpoint;
  const folder = originalFolder(model);
  const notHere = (what: string) =>
    new Error(
      `Cannot open the ${what} of ${model.description}: cases are given what it would make`,
    );
  return {
    description: model.description,
    className: model.className,
    backend,
    folder,
    component: (name) => checkpoint.component(name),
    network() {
      throw notHere("network");
    },
    tokenizer: () => Promise.reject(notHere("tokenizer")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
