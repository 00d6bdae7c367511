import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { dequantizeCross, quantizeAbsmax, quantizeCross } from "../../lib/quant/mod.ts";
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const { floats, integers } = goldenTensors("crossquant", "rivals");
const rows = 24;

for (const [bits, alpha] of [[8, 0.15], [8, 0.5], [4, 0.15]] as const) {
  Deno.test(`quantizeCross() gives the codes of the definition in float64: ${bits} bits, alpha ${alpha}`, () => {
    const id = `b${bits}_a${alpha}`;
    // Rows of what each channel reaches elsewhere, one of them alone in each.
    const reached = [...floats("input.column_max")];
    const others = reached.flatMap((most, row) => reached.map((_, i) => i === row ? most : 0));
    const x = Float32Array.from([...floats("input.x"), ...others]);
    const quantized = quantizeCross(x, 128, { bits, alpha });
    const codes = quantized.codes.subarray(0, rows * 128);
    assertSameNumbers(codes, integers(`${id}.codes`), id);
    assertClose(quantized.rowFactor.subarray(0, rows), floats(`${id}.row_factor`));
    assertClose(quantized.columnFactor, floats(`${id}.column_factor`));
    if (bits === 8) return;
    const values = dequantizeCross(quantized).subarray(0, rows * 128);
    assertClose(values, floats(`${id}.dequant`));
  });
}

/** Within 1e-5. */
function assertClose(actual: Float32Array, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((each, i) => {
    assert(Math.abs(each - expected[i]) <= 1e-5 * Math.abs(expected[i]), `${each}, ${expected[i]}`);
  });
}

Deno.test("quantizeCross() has codes of the size asked for, and errs by half a step at most", () => {
  const options = fc.record({
    bits: fc.integer({ min: 2, max: 8 }),
    alpha: fc.integer({ min: 0, max: 20 }).map((each) => each / 20),
  });
  fc.assert(fc.property(matrix(4), options, (x, { bits, alpha }) => {
    const quantized = quantizeCross(x, 4, { bits, alpha });
    const { codes, rowFactor, columnFactor } = quantized;
    const most = 2 ** (bits - 1) - 1;
    dequantizeCross(quantized).forEach((value, i) => {
      const step = rowFactor[Math.floor(i / 4)] * columnFactor[i % 4] / most;
      assert(Math.abs(codes[i]) <= most);
      assert(Math.abs(value - x[i]) <= 0.501 * step + 1e-30);
    });
  }));
});

Deno.test("quantizeCross() of alpha 1 is by rows, of alpha 0 by columns", () => {
  const x = Float32Array.of(1, -10, 2, 0.3, 7, -0.1);
  const byRows = quantizeCross(x, 3, { bits: 4, alpha: 1 });
  assertEquals(byRows.codes, quantizeAbsmax(x, 3, 4).codes);
  const { codes } = quantizeCross(x, 3, { bits: 4, alpha: 0 });
  assertEquals([...codes], [7, -7, 7, 2, 5, -0].map((code) => code + 0));
});

Deno.test("quantizeCross() keeps a small channel that a step of its token would make 0", () => {
  const x = Float32Array.of(100, 0.3, -0.2, 90, 0.1, 0.25);
  assertEquals([...quantizeAbsmax(x, 3, 8).codes], [127, 0, 0, 127, 0, 0]);
  const { codes } = quantizeCross(x, 3, { bits: 8, alpha: 0.15 });
  assert(codes.every((code) => code !== 0));
});

Deno.test("quantizeCross() leaves zeros what they are", () => {
  const x = Float32Array.of(0, 0, 0, 3);
  const quantized = quantizeCross(x, 2, { bits: 8, alpha: 0.15 });
  const values = dequantizeCross(quantized);
  assertEquals([...values.subarray(0, 3)], [0, 0, 0]);
  assertEquals(quantized.codes[3], 127);
});

Deno.test("quantizeCross() refuses alpha beyond 0..1, 9 bits, half a row and NaN", () => {
  const refuses = (change: object, values: number[], rule: string) =>
    assertThrows(
      () =>
        quantizeCross(
          Float32Array.from(values),
          2,
          { bits: 8, alpha: 0.15, ...change },
          "mlp.input",
        ),
      InputError,
      `Cannot quantize mlp.input: ${rule}`,
    );
  refuses({ alpha: 1.5 }, [1, 2], "alpha must be in 0..1, got 1.5");
  refuses({ bits: 9 }, [1, 2], "bits must be an integer in 2..8, got 9");
  refuses({}, [1, 2, 3], "its length must be a multiple of 2 channels x 1 element, got 3");
  refuses({}, [1, NaN], "element 1 must be finite, got NaN");
});
