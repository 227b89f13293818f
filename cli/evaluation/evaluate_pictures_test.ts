import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClassificationOptions,
  type ClassificationResult,
  type ClassificationState,
  encodePng,
  PictureError,
  SettingsError,
} from "../../mod.ts";
import { makeConsole } from "../terminal/console.ts";
import { inFolder, namesIn } from "../testing/run_denoise.ts";
import { type EvaluateOptions, evaluatePictures } from "./evaluate_pictures.ts";
import type { OpenClassifier } from "./open_classifier.ts";
import { ResultsFile } from "./results_file.ts";

const SILENT = makeConsole({
  writeOut: () => {},
  writeError: () => {},
  isTerminal: false,
  hasColour: false,
  columns: () => 80,
});

const HEADER = { settings: {}, pictures: 2, shard: { index: 1, count: 1 } };

/** A classifier that does what a function says. */
function pretend(
  classify: (options: ClassificationOptions) => Promise<ClassificationResult>,
): OpenClassifier {
  return {
    classify: classify as OpenClassifier["classify"],
    backend: "pretended",
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const ANSWER: ClassificationResult = {
  label: "a",
  labels: [{ label: "a", score: 1, error: 0.5 }],
  prompts: [],
  evaluations: 4,
  seed: 0,
};

async function setUp(cwd: string): Promise<Omit<EvaluateOptions, "classifier" | "results">> {
  for (const name of ["0.png", "1.png"]) {
    const data = new Uint8Array(3 * 64);
    await Deno.writeFile(
      `${cwd}/${name}`,
      await encodePng({ width: 8, height: 8, channels: 3, data }),
    );
  }
  return {
    items: [0, 1].map((index) => ({
      index,
      image: `${index}.png`,
      path: `${cwd}/${index}.png`,
      truth: "a",
    })),
    unfinished: `${cwd}/r.jsonl.unfinished`,
    settings: { labels: ["a", "b"] },
    raw: false,
    storeAfter: 0,
    console: SILENT,
    signal: new AbortController().signal,
  };
}

Deno.test("a picture that was under way when the process died goes on where it was", () =>
  inFolder(async (cwd) => {
    const options = await setUp(cwd);
    const path = `${cwd}/r.jsonl`;
    const state: ClassificationState = { key: "k", seed: 0, errors: [[1, null]] };
    const resumed: (ClassificationState | undefined)[] = [];
    const classifier = (dies: boolean) =>
      pretend(async ({ onStep, resume }) => {
        resumed.push(resume);
        const event = { stage: 1, stages: 1, remaining: [], state: () => state };
        if (resumed.length === 1) return ANSWER;
        await onStep!({ ...event, step: 2, steps: 4 });
        if (dies) throw new Error("died");
        return ANSWER;
      });
    {
      using results = await ResultsFile.open(path, HEADER);
      await assertRejects(
        () => evaluatePictures({ ...options, results, classifier: classifier(true) }),
        Error,
        "died",
      );
      // Nobody else writes the same results meanwhile.
      await assertRejects(() => ResultsFile.open(path, HEADER), Error, "another process");
    }
    assert(namesIn(cwd).includes("r.jsonl.unfinished"));
    using results = await ResultsFile.open(path, HEADER);
    const records = await evaluatePictures({ ...options, results, classifier: classifier(false) });
    assertEquals(resumed, [undefined, undefined, state]);
    assertEquals(records.map(({ index, answer }) => [index, answer]), [[0, "a"], [1, "a"]]);
    assertEquals(namesIn(cwd), ["0.png", "1.png", "r.jsonl"]);
  }));

Deno.test("what was stored of another picture is no use, and does no harm", () =>
  inFolder(async (cwd) => {
    const options = await setUp(cwd);
    const stored = { index: 0, state: { key: "other", seed: 0, errors: [] } };
    await Deno.writeTextFile(options.unfinished, JSON.stringify(stored));
    const classifier = pretend(({ resume }) =>
      resume === undefined
        ? Promise.resolve(ANSWER)
        : Promise.reject(new SettingsError("Cannot resume: of another picture"))
    );
    using results = await ResultsFile.open(`${cwd}/r.jsonl`, HEADER);
    assertEquals((await evaluatePictures({ ...options, results, classifier })).length, 2);
  }));

Deno.test("a picture that cannot be used is left out; a setting that cannot, ends the work", () =>
  inFolder(async (cwd) => {
    const options = await setUp(cwd);
    {
      let first = true;
      const classifier = pretend(() => {
        const isBad = first;
        first = false;
        return isBad
          ? Promise.reject(new PictureError("Cannot classify: too long"))
          : Promise.resolve(ANSWER);
      });
      using results = await ResultsFile.open(`${cwd}/a.jsonl`, HEADER);
      const records = await evaluatePictures({ ...options, results, classifier });
      assertEquals(records[0]!.failure, `${cwd}/0.png: Cannot classify: too long`);
      assertEquals(records[1]!.answer, "a");
    }
    const classifier = pretend(() => Promise.reject(new SettingsError("Cannot use toKeep")));
    using results = await ResultsFile.open(`${cwd}/b.jsonl`, HEADER);
    await assertRejects(
      () => evaluatePictures({ ...options, results, classifier }),
      SettingsError,
      "toKeep",
    );
  }));
