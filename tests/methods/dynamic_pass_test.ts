import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { dynamicPass, projectionSites, tokenAbsmax } from "../../lib/methods/mod.ts";
import { seenAt } from "../../lib/methods/seen.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { tinyArchitectures } from "../model/tiny_models.ts";

await useBackend("agile");

const at = { architecture: tinyArchitectures.llama, layer: 3, onStep: () => {} };
const visit = { site: "mlp.input", layer: 3, window: 0 } as const;

Deno.test("dynamicPass() rounds values as they come, where it says so, and looks at no window", () => {
  const met: unknown[] = [];
  const pass = dynamicPass({ bits: 8 }, ["mlp.input", "attn.v"], (x, channels, name) => {
    met.push([channels, name]);
    return x.map((each) => 2 * each);
  });
  assertEquals(pass.quantizes, { "mlp.input": "own steps", "attn.v": "own steps" });
  assertEquals([pass.observes, pass.rewrite, pass.settings], [undefined, undefined, { bits: 8 }]);
  const quantizers = pass.quantize!(seenAt(new Map()), at, {});
  assertEquals(Object.keys(quantizers), ["mlp.input", "attn.v"]);
  tidy(() => {
    const value = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const output = quantizers["mlp.input"]!.apply(value, visit);
    assertEquals(output.shape, [2, 3]);
    assertEquals([...tensorData(output)], [2, 4, 6, 8, 10, 12]);
    assertEquals([...tensorData(value)], [1, 2, 3, 4, 5, 6]);
  });
  assertEquals(met, [[3, "mlp.input of layer 3"]]);
});

Deno.test("tokenAbsmax() gives each token a step of its own", () => {
  const x = Float32Array.of(7, 3.4, -0.6, 70, 34, -6);
  assertEquals([...tokenAbsmax(4)(x, 3, "mlp.input")], [7, 3, -1, 70, 30, -10]);
  assertThrows(
    () => tokenAbsmax(4)(Float32Array.of(NaN), 1, "mlp.input of layer 3"),
    InputError,
    "Cannot quantize mlp.input of layer 3: element 0 must be finite, got NaN",
  );
});

Deno.test("projectionSites() are before the rotation where a model has one", () => {
  const rotary = ["attn.qBeforeRotary", "attn.kBeforeRotary", "attn.v"];
  assertEquals(projectionSites(tinyArchitectures.llama), rotary);
  for (const name of ["opt", "bloom"] as const) {
    assertEquals(projectionSites(tinyArchitectures[name]), ["attn.q", "attn.k", "attn.v"]);
  }
});
