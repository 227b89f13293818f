import { assert, assertEquals } from "@std/assert";
import { openHostile } from "../conformance/hostile_formats.ts";
import { makeRandom } from "../tests/images/zoo.ts";
import { mutate } from "../tests/mutations.ts";
import { runMutations } from "../tests/run_mutations.ts";
import { damaged, readSpecimens } from "../tests/specimens.ts";
import { readStoredZip, writeStoredZip } from "../tests/stored_zip.ts";
import { memoryFiles } from "./file_source.ts";

/** `deno task mutate` does the same a hundred thousand times. */
const ROUNDS = 2000;

Deno.test("damaged files of every format are read or refused, and nothing else happens", async () => {
  const { read, refused, failures, classes } = await runMutations(ROUNDS);
  assertEquals(failures, []);
  assertEquals(read + refused, ROUNDS);
  assert(refused > ROUNDS / 2 && read > ROUNDS / 50, `${refused} refused, ${read} read`);
  for (const name of ["ImageError", "ModelError", "SafetensorsError", "SchedulerError"]) {
    assert(classes.get(name)! > 0, `no ${name} among ${[...classes.keys()].join(", ")}`);
  }
});

Deno.test("what is damaged was good before", async () => {
  for (const specimen of (await readSpecimens()).flat()) {
    await specimen.open(memoryFiles(specimen.files));
  }
});

Deno.test("an archive that is taken apart and put together again is as good", async () => {
  const path = new URL("../tests/goldens/torch/containers/zip_lightning.ckpt", import.meta.url);
  const good = await Deno.readFile(path);
  const again = writeStoredZip(readStoredZip(good));
  const files = memoryFiles(new Map([["good", good], ["again", again]]));
  const [one, two] = await Promise.all(
    ["good", "again"].map((file) => openHostile(files, { file, format: "torch" })),
  );
  assert(one!.tensors.size > 3);
  assertEquals(two, one);
});

Deno.test("a reader that fails in another way is found out", async () => {
  const specimens = [[{
    name: "text",
    files: new Map([["file", new TextEncoder().encode("[1, 2, 3]")]]),
    open: async (files: ReturnType<typeof memoryFiles>) => {
      JSON.parse(new TextDecoder().decode(await files.read("file")));
    },
    damage: mutate,
  }]];
  const { failures, read } = await runMutations(50, { specimens });
  assert(failures.length > 25 && read > 0, `${failures.length} failures, ${read} read`);
  assert(/^text, seed \d+: SyntaxError/.test(failures[0]!), failures[0]);
});

Deno.test("damage is the same for the same seed, changes most files, and never the original", async () => {
  let changed = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const good = new TextEncoder().encode('{"a": [1, 2, 3], "b": "text", "length": 12345678}');
    const [one, two] = [mutate(good, makeRandom(seed)), mutate(good, makeRandom(seed))];
    assertEquals(one, two);
    assertEquals(new TextDecoder().decode(good).at(-1), "}");
    if (one.toHex() !== good.toHex()) changed++;
  }
  assert(changed > 450, `${changed} of 500 changed`);
  const [specimen] = (await readSpecimens())[0]!;
  const files = async () => await (await damaged(specimen!, makeRandom(9))).read("file");
  assertEquals(await files(), await files());
});
