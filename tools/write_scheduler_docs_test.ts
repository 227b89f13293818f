import { assertEquals } from "@std/assert";
import { comparisonChart, comparisonPage } from "../bench/scheduler_page.ts";
import { schedulerPages } from "./write_scheduler_docs.ts";

const DOCS = new URL("../docs/", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, DOCS));

Deno.test("docs/schedulers.md and its pictures are what tools/write_scheduler_docs.ts makes", async () => {
  for (const [path, content] of schedulerPages()) assertEquals(await read(path), content, path);
});

Deno.test("docs/scheduler_comparison.md and its plot are what bench/schedulers.ts --page makes", async () => {
  const comparison = JSON.parse(await read("schedulers/comparison.json"));
  assertEquals(await read("scheduler_comparison.md"), comparisonPage(comparison));
  assertEquals(await read("schedulers/comparison.svg"), comparisonChart(comparison));
});
