import { assert, assertEquals } from "@std/assert";
import { classificationPage } from "./classification_page.ts";

const DOCS = new URL("../docs/", import.meta.url);

Deno.test("the page is what was measured", async () => {
  const measured = JSON.parse(
    await Deno.readTextFile(new URL("classification/measured.json", DOCS)),
  );
  const page = await Deno.readTextFile(new URL("classification.md", DOCS));
  assertEquals(classificationPage(measured), page);
  const [first] = measured.questions;
  const other = { ...measured, questions: [{ ...first, every: { ...first.every, right: 1 } }] };
  assert(classificationPage(other).includes("| 1 % (200)"));
  assert(!page.includes("| 1 % (200)"));
});
