import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

/** As small and short as an evaluation can be. */
const QUICK = ["--size", "16", "--samples", "1", "--keep", "1", "--backend", "reference"];

/** A folder with a folder for each class, and one damaged picture. */
async function makeDataset(cwd: string): Promise<void> {
  for (const [seed, label] of ["circle", "star"].entries()) {
    const args = ["shapes", `data/${label}`, "-b", "6", "-s", String(seed), "--size", "16"];
    await Deno.mkdir(`${cwd}/data`, { recursive: true });
    const { code, err } = await runDenoise(args, { cwd });
    assertEquals([code, err], [0, ""]);
  }
  const bytes = await Deno.readFile(`${cwd}/data/star/2.png`);
  await Deno.writeFile(`${cwd}/data/star/2.png`, bytes.subarray(0, bytes.length / 2));
}

async function lines(path: string): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(path);
  assert(text.endsWith("\n"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** What does not depend on the clock. */
function lasting({ seconds: _, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}

Deno.test("a killed run goes on with nothing lost and nothing twice; a damaged picture is reported", () =>
  inFolder(async (cwd) => {
    await makeDataset(cwd);
    const args = ["evaluate", "data", ...QUICK];
    const whole = await runDenoise([...args, "--results", "whole.jsonl"], { cwd });
    assertEquals(whole.code, 0, whole.err);
    assertStringIncludes(whole.err, "Skipped: ");
    assertStringIncludes(whole.out, "of 11,");
    assertStringIncludes(whole.out, "not read: star/2.png");
    const expected = await lines(`${cwd}/whole.jsonl`);
    assertEquals(expected.length, 13);

    for (const enough of [2, 5, 9]) {
      await runDenoise(args, {
        cwd,
        onStart: async (child) => {
          const file = `${cwd}/results.jsonl`;
          for (let count = 0; count < enough;) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            const text = await Deno.readTextFile(file).catch(() => "");
            count = text.split("\n").length - 1;
          }
          child.kill("SIGKILL");
        },
      });
      // What a process writes when it dies may be cut anywhere.
      await Deno.writeTextFile(`${cwd}/results.jsonl`, '{"index":11,"image":"st', { append: true });
    }
    const { code, out, err } = await runDenoise(args, { cwd });
    assertEquals(code, 0);
    assertStringIncludes(err, "Going on: ");
    assertEquals((await lines(`${cwd}/results.jsonl`)).map(lasting), expected.map(lasting));
    const same = (text: string) => text.replace(/^time.*$/m, "");
    assertEquals(same(out), same(whole.out));
    assertEquals(namesIn(cwd), ["data", "results.jsonl", "whole.jsonl"]);

    // All is there: nothing is classified, and no model opened.
    const again = await runDenoise([...args, "--model", "shapes"], { cwd });
    assertEquals([again.code, same(again.out)], [0, same(whole.out)]);
  }));

Deno.test("shards are parts of the whole, and come together again", () =>
  inFolder(async (cwd) => {
    await makeDataset(cwd);
    const args = ["evaluate", "data", ...QUICK];
    for (const shard of ["1/2", "2/2"]) {
      const { code, err } = await runDenoise([...args, "--shard", shard], { cwd });
      assertEquals(code, 0, err);
    }
    const files = ["results-1-of-2.jsonl", "results-2-of-2.jsonl"];
    const [first, second] = await Promise.all(files.map((file) => lines(`${cwd}/${file}`)));
    assertEquals(first!.slice(1).map(({ index }) => index), [0, 2, 4, 6, 8, 10]);
    assertEquals(second!.slice(1).map(({ index }) => index), [1, 3, 5, 7, 9, 11]);
    const merged = await runDenoise(["evaluate", "--merge", ...files, "--json"], { cwd });
    const { count, correct, failures, confusion, labels } = JSON.parse(merged.out);
    assertEquals([merged.code, count, failures.length, labels], [0, 11, 1, ["circle", "star"]]);
    const right = [...first!, ...second!].filter(({ truth, answer }) => truth && truth === answer);
    assertEquals(correct, right.length);
    assertEquals(confusion.flat().reduce((a: number, b: number) => a + b), 11);
    const half = await runDenoise(["evaluate", "--merge", files[0]!], { cwd });
    assertStringIncludes(half.err, "6 of 12 pictures have no result yet");
    const twice = await runDenoise(["evaluate", "--merge", files[0]!, files[0]!], { cwd });
    assertEquals(twice.code, 1);
    assertStringIncludes(twice.err, "as another file does");
  }));

Deno.test("results of other settings or other pictures, and what is no data set, are refused", () =>
  inFolder(async (cwd) => {
    await makeDataset(cwd);
    const go = async (...args: string[]) => await runDenoise(["evaluate", ...args], { cwd });
    assertEquals((await go("data", ...QUICK)).code, 0);
    await Deno.writeTextFile(`${cwd}/other.jsonl`, "{}\n");
    await Deno.writeTextFile(`${cwd}/cut.jsonl`, '{"format":"denoise ev');
    await Deno.writeTextFile(`${cwd}/no.csv`, "image,prompt\na.png,x\n");
    await Deno.writeTextFile(`${cwd}/odd.csv`, "image,label,labels\na.png,x,y|z\n");
    await Deno.mkdir(`${cwd}/empty`);
    for (
      const [args, code, message] of [
        [["data", ...QUICK, "-s", "1"], 1, "their seed is 0, not 1"],
        [["data", ...QUICK, "--loss", "l1"], 1, "their loss"],
        [["data", ...QUICK, "--results", "other.jsonl"], 1, "another kind of file"],
        [["data", ...QUICK, "--results", "none/r.jsonl"], 1, "folder does not exist"],
        [["data", ...QUICK, "-l", "circle,heart"], 2, "no labels: star"],
        [["data", "--shard", "3/2"], 2, "--shard 3/2"],
        [["empty"], 2, "a folder for each class"],
        [["nowhere"], 1, "no such file"],
        [["no.csv"], 2, "columns image and label"],
        [["odd.csv"], 2, "not among its labels"],
        [["--merge"], 2, "missing"],
        [[], 2, "missing"],
      ] as const
    ) {
      const ended = await go(...args);
      assertEquals([ended.code, ended.out], [code, ""], ended.err);
      assertStringIncludes(ended.err, message);
    }
    await Deno.rename(`${cwd}/data/circle/0.png`, `${cwd}/data/circle/new.png`);
    const moved = await go("data", ...QUICK);
    assertStringIncludes(moved.err, "they tell of circle/0.png");
    // A header that was cut was never a result.
    assertEquals((await go("data", ...QUICK, "--results", "cut.jsonl")).code, 0);
    assertEquals((await lines(`${cwd}/cut.jsonl`)).length, 13);
  }));
