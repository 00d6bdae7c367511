import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { type AffineCodes, affineMatrix, type CommonStep } from "../../lib/format/mod.ts";
import { linearInt4 } from "../../lib/int4/mod.ts";
import { type LayerOperands, layers } from "./reference.ts";

/** The layer on dequantized operands, in float64; with the sum of magnitudes of what is added. */
function dequantized({ m, activations, layer, input }: LayerOperands) {
  const { rows, columns, codes, scale, zeroPoint, groupIndex } = layer;
  const groups = scale.length / rows;
  return Array.from({ length: m * rows }, (_, index) => {
    const [i, row] = [Math.floor(index / rows), index % rows];
    let [sum, magnitude] = [0, 0];
    for (let column = 0; column < columns; column++) {
      const grid = row * groups + groupIndex[column];
      const weight = scale[grid] * (codes[row * columns + column] - zeroPoint[grid]);
      const steps = 2 ** input.shift[column] *
        (activations[i * columns + column] - input.zeroPoint);
      sum += weight * input.step * steps;
      magnitude += Math.abs(weight * input.step * steps);
    }
    return { sum, magnitude };
  });
}

Deno.test("linearInt4() is exact where scales are powers of two", () => {
  fc.assert(fc.property(layers({ m: 3, columns: [1, 40], rows: 5 }), (drawn) => {
    const scale = drawn.layer.scale.map((value) => 2 ** Math.floor(Math.log2(value)));
    const exact = {
      ...drawn,
      layer: { ...drawn.layer, scale },
      input: { ...drawn.input, step: 0.5 },
    };
    const product = linearInt4(exact.activations, affineMatrix(exact.layer), exact.input);
    const sums = dequantized(exact).map(({ sum }) => sum === 0 ? 0 : sum);
    assertEquals(Array.from(product, (value) => value === 0 ? 0 : value), sums);
  }));
});

Deno.test("linearInt4() equals the layer on dequantized operands but for float32 rounding", () => {
  fc.assert(fc.property(layers({ m: 3, columns: [1, 300], rows: 5 }), (drawn) => {
    const product = linearInt4(drawn.activations, affineMatrix(drawn.layer), drawn.input);
    dequantized(drawn).forEach(({ sum, magnitude }, i) => {
      const error = Math.abs(product[i] - sum);
      assert(error <= 2 ** -21 * magnitude, `${product[i]} instead of ${sum}`);
    });
  }));
});

Deno.test("linearInt4() refuses what planLayer() does, and incomplete rows of activations", () => {
  const codes = Uint8Array.of(1, 15);
  const [scale, zeroPoint] = [Float32Array.of(1), Uint8Array.of(0)];
  const layer: AffineCodes = { rows: 1, columns: 2, bits: 4, codes, scale, zeroPoint };
  const input: CommonStep = { step: 1, zeroPoint: 0, shift: Uint8Array.of(0, 0) };
  assertThrows(
    () => linearInt4(codes, affineMatrix({ ...layer, bits: 5 }), input),
    InputError,
    "Cannot multiply an INT4 layer: a weight may have at most 4 bits, got 5",
  );
  assertThrows(
    () => linearInt4(Uint8Array.of(1, 2, 3), affineMatrix(layer), input),
    InputError,
    "activations must come in rows of 2",
  );
});
