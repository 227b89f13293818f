import { assert, assertEquals } from "@std/assert";
import { mutateTorch } from "../../tools/mutate_torch.ts";

Deno.test("a damaged checkpoint is read, or refused with an error of ours, and soon", async () => {
  const { read, refused, failures, slowest } = await mutateTorch(2000);
  assertEquals(failures, []);
  // Much is damaged in a way that matters, and some of it in a way that does not.
  assert(refused > 800 && read > 100, `${refused} refused, ${read} read`);
  assert(slowest[0] < 5000, `${slowest[0]} ms for ${slowest[1]}`);
});
