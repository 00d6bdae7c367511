import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, encodeFloats, floatMatrix } from "../../lib/format/mod.ts";
import {
  divideColumns,
  divideOutputs,
  foldScale,
  multiplyColumns,
  requireFoldableNorms,
} from "../../lib/methods/fold_scale.ts";
import { tinyArchitectures } from "../model/tiny_models.ts";

Deno.test("divideColumns(), multiplyColumns() and divideOutputs() move a scale from map to map", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 12, maxLength: 12 });
  const powers = fc.array(fc.constantFrom(0.25, 0.5, 1, 2, 8), { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(values, values, powers, (first, second, scales) => {
    const scale = Float32Array.from(scales);
    const [before, after] = [Float32Array.from(first), Float32Array.from(second)];
    const product = (left: Float32Array, right: Float32Array) =>
      // [4, 3] x [3, 4]
      Array.from({ length: 16 }, (_, i) =>
        [0, 1, 2].reduce((sum, k) =>
          sum + left[(i >> 2) * 3 + k] * right[k * 4 + i % 4], 0));
    const folded = product(multiplyColumns(after, scale), divideOutputs(before, scale));
    assertEquals(folded, product(after, before));
    assertEquals(divideColumns(multiplyColumns(after, scale), scale), after);
  }));
});

Deno.test("foldScale() divides a norm with its bias and multiplies the maps that are there", () => {
  const half = (values: number[], rows: number, columns: number) =>
    floatMatrix("F16", encodeFloats(Float32Array.from(values), "F16"), rows, columns);
  const bias = Float32Array.of(3, 5);
  const layer = {
    mlpNorm: { weight: half([1, 2], 1, 2), bias: Float32Array.of(7, 9) },
    up: { weight: half([1, 2, 3, 4], 2, 2), bias },
    down: { weight: half([1, 2, 3, 4], 2, 2) },
  };
  const folded = foldScale(layer, 0, "mlpNorm", ["gate", "up"], Float32Array.of(1, 0.25));
  assertEquals(decodeMatrix(folded.mlpNorm!.weight), Float32Array.of(1, 8));
  assertEquals(folded.mlpNorm!.bias, Float32Array.of(7, 36));
  assertEquals(decodeMatrix(folded.up!.weight), Float32Array.of(1, 0.5, 3, 1));
  assertEquals([folded.up!.bias, folded.down, folded.gate], [bias, layer.down, undefined]);
});

Deno.test("requireFoldableNorms() refuses norms that the residual stream reads, or without gains", () => {
  for (const name of ["llama", "opt", "bloom"] as const) {
    requireFoldableNorms(tinyArchitectures[name], "smooth a model");
  }
  const refuses = (change: object, rule: string) =>
    assertThrows(
      () => requireFoldableNorms({ ...tinyArchitectures.opt, ...change }, "smooth a model"),
      InputError,
      `Cannot smooth a model: ${rule}`,
    );
  const before = "its norms must stand before attention and MLP";
  refuses({ normPlacement: "after" }, `${before}, got "after"`);
  refuses({ normPlacement: "onStream" }, `${before}, got "onStream"`);
  refuses({ normAffine: false }, "its norms must have gains");
});
