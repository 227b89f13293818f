import { assertEquals, assertThrows } from "@std/assert";
import { config } from "../../formats/config_reader.ts";
import type { JsonObject } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import { ShapeError } from "../../graph/op.ts";
import { i32 } from "../../graph/tensor_spec.ts";
import { ldmBertNetwork, readLDMBertConfig } from "./ldm_bert.ts";

const read = (json: JsonObject) => readLDMBertConfig(config(json, "bert/config.json"));

Deno.test("absent keys take the class's defaults; what concerns training is left aside", () => {
  assertEquals(
    read({
      ...{ dropout: 0.1, architectures: ["LDMBertModel"], use_cache: true },
      // As older transformers wrote them out.
      ...{ return_dict: true, output_attentions: false, top_k: 50, id2label: { "0": "LABEL_0" } },
    }),
    {
      vocabularySize: 30522,
      positions: 77,
      layers: 32,
      width: 1280,
      heads: 8,
      headDim: 64,
      feedForward: 5120,
      activation: "gelu",
    },
  );
});

Deno.test("what is not supported is refused by key and value", () => {
  const refuse = (json: JsonObject, word: string) =>
    assertThrows(() => read(json), ModelError, word);
  refuse({ activation_function: "relu6" }, 'activation_function is "relu6"');
  refuse({ activation_function: "relu6" }, '"quick_gelu"');
  refuse({ encoder_layers: 257 }, "encoder_layers is 257");
  refuse({ d_model: 1e9 }, "d_model is 1000000000");
  refuse({ head_dim: 0 }, "head_dim is 0");
  refuse({ relative_positions: true }, "relative_positions = true");
});

Deno.test("more tokens than there are positions are refused", () => {
  const json = { encoder_layers: 1, max_position_embeddings: 5, vocab_size: 9, d_model: 4 };
  const { graph } = ldmBertNetwork(config(json, "bert/config.json")).methods.get("forward")!;
  assertEquals(graph({ input_ids: i32(2, 5) }).outputs[0]!.name, "last_hidden_state");
  assertThrows(() => graph({ input_ids: i32(2, 6) }), ShapeError, "the model has 5 positions");
});
