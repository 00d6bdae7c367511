import { assertEquals } from "@std/assert";
import { bitsLabel } from "../../lib/methods/mod.ts";

Deno.test("bitsLabel() calls what is not quantized FP16", () => {
  assertEquals(bitsLabel({}), { weight: "FP16", activation: "FP16" });
  assertEquals(bitsLabel({ weights: { bits: 4 } }), { weight: "INT4", activation: "FP16" });
  assertEquals(bitsLabel({ activations: { bits: 8 } }), { weight: "FP16", activation: "INT8" });
});
