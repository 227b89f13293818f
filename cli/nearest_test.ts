import { assertEquals } from "@std/assert";
import { didYouMean, nearest } from "./nearest.ts";

const NAMES = ["txt2img", "info", "conform", "--steps", "--seed", "-s"];

Deno.test("nearest finds a name that was mistyped", () => {
  assertEquals(nearest("text2img", NAMES), "txt2img");
  assertEquals(nearest("txt2mig", NAMES), "txt2img");
  assertEquals(nearest("CONFORM", NAMES), "conform");
  assertEquals(nearest("--step", NAMES), "--steps");
  assertEquals(nearest("--sede", NAMES), "--seed");
});

Deno.test("nearest finds nothing where nothing is near", () => {
  assertEquals(nearest("upscale", NAMES), undefined);
  assertEquals(nearest("", NAMES), undefined);
  assertEquals(nearest("x", []), undefined);
});

Deno.test("of two the nearer wins", () => {
  assertEquals(nearest("ab", ["abcd", "abc"]), "abc");
  assertEquals(didYouMean("ab", ["abc"]), "; did you mean abc?");
  assertEquals(didYouMean("ab", ["wxyz"]), "");
});
