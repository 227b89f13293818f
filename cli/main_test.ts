import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder, namesIn, runDenoise } from "./testing/run_denoise.ts";

Deno.test("help and version are results: on stdout, with exit code 0", () =>
  inFolder(async (cwd) => {
    const cases: [args: string[], says: string[]][] = [
      [["--help"], ["Usage: denoise COMMAND", "txt2img", "info", "conform"]],
      [["-h"], ["Usage: denoise COMMAND"]],
      [["--version"], ["denoise "]],
      [["txt2img", "--help"], [
        "denoise txt2img [OPTIONS] PROMPT",
        "-s, --seed N",
        "--cfg-scale X",
      ]],
      [["txt2img", "--nonsense", "-h"], ["denoise txt2img [OPTIONS] PROMPT"]],
      [["img2img", "--help"], ["denoise img2img [OPTIONS] -i FILE PROMPT", "--strength X"]],
      [["inpaint", "--help"], ["-i FILE --mask FILE [PROMPT]", "--mask FILE", "--crop N"]],
      [["info", "--help"], ["denoise info [OPTIONS] [FILE|MODEL]", "--json"]],
      [["convert", "--help"], ["denoise convert [OPTIONS] IN OUT", "--dtype f32|f16"]],
      [["conform", "--help"], ["denoise conform [OPTIONS] [ROOT]", "--strict"]],
    ];
    for (const [args, says] of cases) {
      const { code, out, err } = await runDenoise(args, { cwd });
      assertEquals([code, err], [0, ""], `${args.join(" ")}: ${err}`);
      for (const part of says) assertStringIncludes(out, part);
    }
  }));

Deno.test("a wrong command line has exit code 2, and stderr says what was meant", () =>
  inFolder(async (cwd) => {
    const cases: [args: string[], says: string][] = [
      [[], "Usage: denoise COMMAND"],
      [
        ["txt2mig", "x"],
        "info, conform; did you mean txt2img?",
      ],
      [["--sede", "7"], 'Cannot do "--sede"'],
      [["txt2img"], "the prompt is missing\nTry: denoise txt2img --help"],
      [
        ["txt2img", "x", "--step", "2"],
        "Cannot use --step: there is no such option; did you mean --steps?",
      ],
      [["txt2img", "x", "--seed"], "Cannot use --seed: its value N is missing"],
      [
        ["txt2img", "a", "red", "circle"],
        'Cannot use the argument "red": the prompt is one argument',
      ],
      [["txt2img", "a", "-p", "b"], "Cannot use two prompts"],
      [["txt2img", "a", "--json=1"], "--json takes no value"],
      [["img2img", "a"], "--init-img FILE is missing"],
      [["img2img", "-i", "a.png"], "the prompt is missing"],
      [["inpaint", "-i", "a.png"], "--mask FILE is missing"],
      [["info", "a", "b"], 'Cannot use the argument "b"'],
      [["convert"], "IN, the model, is missing"],
      [["convert", "a"], "OUT, the folder to be written, is missing"],
      [["convert", "a", "b", "c"], 'Cannot use the argument "c"'],
      [["convert", "a", "b", "--dtype", "bf16"], "--dtype bf16: it must be f32 or f16"],
      [["conform", "a", "b"], 'Cannot use the argument "b"'],
      [["conform", "--group", ""], 'Cannot use --group ""'],
      [["conform", "--backend", "refrence"], "did you mean reference?"],
    ];
    for (const [args, says] of cases) {
      const { code, out, err } = await runDenoise(args, { cwd });
      assertEquals([code, out], [2, ""], `${args.join(" ")}: ${err}`);
      assertStringIncludes(err, says);
    }
    assertEquals(namesIn(cwd), []);
  }));
