import { assertEquals } from "@std/assert";
import { modelShapes, sameShape } from "../../../experiments/measure/model_shapes.ts";

Deno.test("sameShape() knows models by the sizes of their blocks, whatever else differs", () => {
  const { "SmolLM2-135M": shape } = modelShapes;
  assertEquals(sameShape({ ...shape, vocabularySize: 100, maxPositions: 8 }), "SmolLM2-135M");
  assertEquals(sameShape({ ...shape, keyValueHeads: 9 }), undefined);
  assertEquals(sameShape({ ...shape, layers: 32 }), undefined);
});
