import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FileError } from "../file_source.ts";
import { parseHubId } from "./hub_id.ts";

Deno.test("names of models and their revisions", () => {
  const cases: [string, string, string][] = [
    ["hf:ada/model", "ada/model", "main"],
    ["hf:A-da_1.x/0.b", "A-da_1.x/0.b", "main"],
    ["hf:ada/model@fp16", "ada/model", "fp16"],
    ["hf:ada/model@refs/pr/12", "ada/model", "refs/pr/12"],
    ["hf:ada/model@v1.0+a", "ada/model", "v1.0+a"],
    [`hf:ada/model@${"0".repeat(40)}`, "ada/model", "0".repeat(40)],
  ];
  for (const [text, name, revision] of cases) {
    assertEquals(parseHubId(text), { name, revision, text });
  }
});

Deno.test("what is no name is refused, saying what is wanted", () => {
  const names = ["", "ada", "/", "ada/", "/model", "a/b/c", "../model", "ada/..", "./a", "ada/.a"];
  const odd = ["ada/a.", "-a/b", "ada/a-", "a--b/c", "a..b/c", "ada/x.git", "a b/c", "ä/b", "a\\b"];
  const kinds = ["datasets/a", "datasets/a/b", "spaces/a", "models/a", "models/ada/model"];
  const long = [`${"a".repeat(97)}/b`, `${"a".repeat(60)}/${"b".repeat(60)}`, "a/b?c", "a/b#c"];
  const revisions = ["", "..", "a/../b", "/a", "a/", "a//b", ".a", "a.", "a.lock", "a..b", "-a"];
  const more = ["a b", "a@b", "a:b", "a\\b", "a\0", "a?b", "é", "a".repeat(201)];
  for (
    const text of [
      ...[...names, ...odd, ...kinds, ...long].map((name) => `hf:${name}`),
      ...[...revisions, ...more].map((revision) => `hf:ada/model@${revision}`),
      "ada/model",
      "HF:ada/model",
      "hf://ada/model",
      "https://huggingface.co/ada/model",
    ]
  ) {
    const error = assertThrows(() => parseHubId(text), FileError, undefined, text);
    assertEquals(error.kind, "bad path");
    assertStringIncludes(error.message, "wanted is hf:owner/name or hf:owner/name@revision");
  }
});
