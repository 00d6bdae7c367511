import { assertEquals } from "@std/assert";
import {
  linearShapes,
  loadModel,
  moduleShapes,
  parameterCount,
  parameterKinds,
  windowOperations,
} from "../../lib/model/mod.ts";
import { modelShapes } from "../../experiments/measure/model_shapes.ts";
import { families, tinyArchitectures } from "./tiny_models.ts";

Deno.test("linearShapes() are those of the maps of a block", async () => {
  const golden = new URL("../golden/hf/llama", import.meta.url).pathname;
  const { architecture, source } = await loadModel(golden);
  const { query, key, value, output, gate, up, down } = await source.layer(0);
  assertEquals(
    linearShapes(architecture),
    [query, key, value, output, gate, up, down].map((each) =>
      [each!.weight.rows, each!.weight.columns] as const
    ),
  );
});

Deno.test("windowOperations() counts every product and every sum of a window", () => {
  const { hiddenSize: c, intermediateSize: f, vocabularySize: v } = modelShapes["OPT-125M"];
  const tokens = 5;
  let attention = 0;
  for (let query = 0; query < tokens; query++) {
    // Of each key so far: a score from c products, and c products with its value.
    for (let key = 0; key <= query; key++) attention += 2 * c + 2 * c;
  }
  assertEquals(windowOperations(modelShapes["OPT-125M"], tokens), {
    maps: 2 * tokens * (4 * c * c + 2 * c * f),
    attention,
    head: 2 * tokens * c * v,
  });
});

Deno.test("windowOperations() counts the projections of a narrower embedding", () => {
  const wide = { ...modelShapes.small, embeddingSize: 256 };
  const narrow = { ...wide, embeddingSize: 128 };
  const head = (each: typeof wide) => windowOperations(each, 3).head;
  assertEquals(head(narrow), head(wide) / 2 + 2 * 2 * 3 * 128 * 256);
});

Deno.test("windowOperations() counts attention by its heads, whose sizes need not add up to the hidden one", () => {
  const { small } = modelShapes;
  const attention = (each: typeof small) => windowOperations(each, 3).attention;
  assertEquals(attention({ ...small, headDim: 2 * small.headDim }), 2 * attention(small));
});

Deno.test("parameterCount() counts weights and biases, a tied head once", () => {
  for (const architecture of Object.values({ ...families, ...tinyArchitectures })) {
    let count = 0;
    for (const shape of moduleShapes(architecture)) {
      const [first, second = 1] = shape.weight;
      count += first * second + (parameterKinds(shape).includes("bias") ? first : 0);
    }
    assertEquals(parameterCount(architecture), count);
  }
  assertEquals(parameterCount(modelShapes["LLaMA-7B"]), 6_738_415_616);
});
