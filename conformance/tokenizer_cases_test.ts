import { assert, assertEquals, assertRejects } from "@std/assert";
import { folderFiles } from "../formats/files.ts";
import type { Comparison } from "./comparison.ts";
import { openCaseTokenizer, runTokenizerCase } from "./tokenizer_cases.ts";

const SOME = new URL("../tests/goldens/tokenizers/", import.meta.url);
const ALL = new URL("../../shared/", import.meta.url);

const passes = ({ actual, expected }: Comparison) =>
  actual.length === expected.length && Array.from(expected).every((id, i) => id === actual[i]);

async function passAll(
  folder: URL,
  places: Parameters<typeof openCaseTokenizer>[1],
): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !/^(clip|bert)-.*\.json$/.test(name)) continue;
    const json = JSON.parse(await Deno.readTextFile(new URL(name, folder)));
    const comparisons = await runTokenizerCase(json, (it) => openCaseTokenizer(it, places));
    assertEquals(comparisons.length, 1 + 2 * json.prompts.length);
    for (const comparison of comparisons) {
      const { name: what, actual, expected } = comparison;
      assert(passes(comparison), `${name} ${what}: ${[...Array.from(actual)]}, not ${expected}`);
    }
    files.push(name);
  }
  return files.sort();
}

Deno.test("the ids of small vocabularies equal transformers'", async () => {
  const places = { goldens: folderFiles(SOME), hub: folderFiles(SOME) };
  const files = await passAll(SOME, places);
  assertEquals(files, ["bert-small.json", "clip-small-sd1.json", "clip-small-sd2v.json"]);
});

Deno.test("the ids of every vocabulary equal transformers'", { ignore: !exists(ALL) }, async () => {
  const goldens = new URL("goldens/", ALL);
  const files = await passAll(new URL("tokenizers/", goldens), {
    goldens: folderFiles(goldens),
    hub: folderFiles(new URL("data/hub/", ALL)),
  });
  assert(files.length >= 6, files.join());
});

Deno.test("ids of zeros fail, and so does what is no case", async () => {
  const json = JSON.parse(await Deno.readTextFile(new URL("bert-small.json", SOME)));
  const open = () =>
    Promise.resolve({
      description: "zeros",
      vocabularySize: 1,
      maxLength: 77,
      padId: 0,
      encode: (text: string) => Array.from(text, () => 0),
      encodePadded: () => ({ ids: new Int32Array(77), used: 0, truncated: "" }),
      decode: () => "",
    });
  const comparisons = await runTokenizerCase(json, open);
  assertEquals(comparisons.filter(passes).map(({ name }) => name), ["pad_id"]);
  await assertRejects(() => runTokenizerCase({ ...json, kind: "op" }, open), TypeError, "kind op");
  await assertRejects(() => runTokenizerCase({ kind: "tokenizer" }, open), TypeError, "vocab");
  await assertRejects(() => runTokenizerCase(null, open), TypeError, "no object");
});

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}
