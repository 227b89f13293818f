import { assert, assertEquals } from "@std/assert";
import { TorchGenerator } from "../random/torch_generator.ts";
import { QUESTION_KINDS, sampleQuestion } from "./shapes_questions.ts";
import { parseCaption } from "./shapes_world.ts";

Deno.test("a question's right answer is the scene's caption, and every other differs in what is asked", () => {
  const generator = new TorchGenerator(3);
  const counts = { shape: 8, colour: 12, relation: 2 };
  for (const kind of QUESTION_KINDS) {
    for (let at = 0; at < 30; at++) {
      const { scene, caption, labels, prompts, truth } = sampleQuestion(kind, generator);
      assertEquals(prompts.length, counts[kind]);
      assertEquals(labels.length, counts[kind]);
      assertEquals(prompts[truth], caption);
      assertEquals(new Set(prompts).size, prompts.length);
      const [words, ...rest] = [prompts[truth]!, ...prompts].map(parseCaption);
      assertEquals(words!.things.length, kind === "relation" ? 2 : 1);
      for (const [label, other] of rest.entries()) {
        if (kind === "relation") {
          assertEquals({ ...other, relation: words!.relation! }, words);
        } else {
          assertEquals(other.things[0]![kind], labels[label]);
          assertEquals({ ...other, things: words!.things }, words);
        }
      }
      if (kind === "colour") assert(!labels.includes(parseCaption(caption).background ?? ""));
      assertEquals(scene.things[0]!.shape, words!.things[0]!.shape);
    }
  }
});
