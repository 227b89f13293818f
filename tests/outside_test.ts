import { assert, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

Deno.test("a program outside the repository draws with the library, with only read permission", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({
        imports: { "@denoise/denoise": "jsr:@denoise/denoise@^0.1.0" },
        links: [ROOT.pathname.replace(/\/$/, "")],
      }),
    );
    await Deno.writeTextFile(
      `${folder}/draw.ts`,
      `import { pipeline } from "@denoise/denoise";
       await using generate = await pipeline("text-to-image", "shapes");
       const { tensor } = await generate({ prompt: "a red circle", seed: 1, steps: 1, width: 32, height: 32 });
       console.log(tensor.shape.join());`,
    );
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "draw.ts"],
      cwd: folder,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertStringIncludes(new TextDecoder().decode(stdout), "1,3,32,32");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
