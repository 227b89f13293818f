/**
 * The classifier that a command line asks for.
 *
 * @module
 */
import { pipeline, type ZeroShotImageClassification } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { openBackend } from "../backend_argument.ts";
import { given } from "../given.ts";
import { backendFor, openModelArgument } from "../model_argument.ts";
import type { Console } from "../terminal/console.ts";

/** A classifier with its backend. */
export interface OpenClassifier extends AsyncDisposable {
  readonly classify: ZeroShotImageClassification;
  /** What it runs on. */
  readonly backend: string;
}

/** Opens the model and the backend of `--model`, `--backend` and `--precision`. */
export async function openClassifier(
  args: Arguments,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<OpenClassifier> {
  const precision = args.choice("precision", ["f32", "f16"]);
  const model = await openModelArgument(args, { console, signal });
  await using stack = new AsyncDisposableStack();
  const chosen = await openBackend(
    await backendFor(model.source, args.text("backend") ?? "auto"),
  );
  const backend = stack.use(chosen.backend);
  if (console.isTerminal) console.note(`Classifying on ${chosen.description}.`);
  const classify = stack.use(
    await pipeline("zero-shot-image-classification", model.source, {
      backend,
      ...model.options,
      ...given({ precision }),
    }),
  );
  const owned = stack.move();
  return {
    classify,
    backend: chosen.description,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
