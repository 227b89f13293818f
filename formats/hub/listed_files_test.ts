import { assertEquals, assertRejects } from "@std/assert";
import { memoryFiles } from "../file_source.ts";
import { listedFiles } from "./listed_files.ts";

const FILE = { path: "unet/a", size: 3, blobId: "0".repeat(40) };

Deno.test("a content is provided once, when it is first read", async () => {
  let asked = 0;
  const files = listedFiles([FILE], {
    description: "model",
    contents: memoryFiles(new Map([["unet/a", "abc"]])),
    provide: () => Promise.resolve(void asked++),
  });
  await Promise.all([files.size("unet/a"), files.exists("unet/a"), files.list!("unet")]);
  await assertRejects(() => files.read("unet/a", 0, 4));
  await assertRejects(() => files.read("unet/b"));
  assertEquals(asked, 0);
  await Promise.all([files.read("unet/a"), files.read("unet/a", 1)]);
  assertEquals(await files.read("unet/a", 1, 2), new TextEncoder().encode("b"));
  assertEquals(asked, 1);
});

Deno.test("a content that could not be provided is asked for again", async () => {
  let asked = 0;
  const files = listedFiles([FILE], {
    description: "model",
    contents: memoryFiles(new Map([["unet/a", "abc"]])),
    provide: () => asked++ === 0 ? Promise.reject(new Error("not now")) : Promise.resolve(),
  });
  await assertRejects(() => files.read("unet/a"), Error, "not now");
  assertEquals((await files.read("unet/a")).length, 3);
  assertEquals(asked, 2);
});
