import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder, runDenoise } from "../testing/run_denoise.ts";

/** As small and short as a comparison can be. */
const QUICK = ["--size", "32", "--samples", "1", "--keep", "1", "--backend", "reference"];

Deno.test("a picture's labels are listed, the best first", () =>
  inFolder(async (cwd) => {
    await runDenoise(["shapes", "s", "-b", "1", "-s", "1", "--size", "32"], { cwd });
    const args = ["classify", "s/0.png", "-l", "circle,star", "--template", "a red {}", "-s", "3"];
    const { code, out, err } = await runDenoise([...args, ...QUICK], { cwd });
    assertEquals([code, err], [0, ""]);
    const rows = out.trim().split("\n").map((line) => line.split(/\s+/));
    assertEquals(rows.map(([label]) => label).sort(), ["circle", "star"]);
    assert(
      Number(rows[0]![1]) >= Number(rows[1]![1]) && Number(rows[0]![2]) <= Number(rows[1]![2]),
    );
    const json = await runDenoise([...args, ...QUICK, "--json"], { cwd });
    const { file, label, labels, prompts, seed, evaluations, backend } = JSON.parse(json.out);
    assertEquals([file, label, seed, evaluations], ["s/0.png", rows[0]![0], 3, 2]);
    assertEquals(labels[0].label, label);
    assertEquals(labels[0].error.toPrecision(5), rows[0]![2]);
    assertEquals(prompts.map((each: { prompt: string }) => each.prompt), [
      "a red circle",
      "a red star",
    ]);
    assertEquals(prompts[0].errors.length, 1);
    assertEquals(backend, "reference");
    // Without a seed one is drawn and told.
    const drawn = await runDenoise([...args.slice(0, 6), ...QUICK], { cwd });
    assertStringIncludes(drawn.err, "The seed is ");
  }));

Deno.test("a table of prompts gives labels several prompts", () =>
  inFolder(async (cwd) => {
    await runDenoise(["shapes", "s", "-b", "1", "-s", "1", "--size", "32"], { cwd });
    await Deno.writeTextFile(
      `${cwd}/p.csv`,
      "prompt,classname,classidx\na dog,dog,0\na cat,cat,1\na puppy,dog,0\n",
    );
    const { out } = await runDenoise(
      ["classify", "s/0.png", "--prompts", "p.csv", "-s", "3", "--json", ...QUICK],
      { cwd },
    );
    const { prompts } = JSON.parse(out);
    assertEquals(
      prompts.map(({ prompt, label }: { prompt: string; label: string }) => [prompt, label]),
      [["a dog", "dog"], ["a puppy", "dog"], ["a cat", "cat"]],
    );
  }));

Deno.test("slips are told before any work", () =>
  inFolder(async (cwd) => {
    await runDenoise(["shapes", "s", "-b", "1", "-s", "1", "--size", "8"], { cwd });
    await Deno.writeTextFile(`${cwd}/p.csv`, "a,b\n1,2\n");
    const labels = ["-l", "a,b"];
    for (
      const [args, message] of [
        [[], "missing"],
        [["s/0.png"], "labels are missing"],
        [["s/0.png", "x", ...labels], "one picture"],
        [["s/0.png", "-l", "a,,b"], "commas"],
        [["s/0.png", "--prompts", "p.csv"], "prompt and classname"],
        [["s/0.png", "--prompts", "none.csv"], "none.csv"],
        [["s/0.png", ...labels, "--prompts", "p.csv"], "together"],
        [["s/0.png", ...labels, "--preset", "mnist"], "--preset mnist"],
        [["s/0.png", ...labels, "--samples", "1.5"], "whole numbers"],
        [["s/0.png", ...labels, "--loss", "l3"], "--loss l3"],
      ] as const
    ) {
      const { code, out, err } = await runDenoise(["classify", ...args], { cwd });
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, message);
    }
    const { code, err } = await runDenoise(["classify", "s/scenes.csv", ...labels], { cwd });
    assertEquals(code, 1);
    assertStringIncludes(err, "s/scenes.csv");
  }));
