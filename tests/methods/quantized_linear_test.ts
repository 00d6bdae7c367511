import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  type AffineMatrix,
  affineMatrix,
  decodeMatrix,
  type UniformGrid,
} from "../../lib/format/mod.ts";
import { applyTogether, quantizedLinear } from "../../lib/methods/mod.ts";
import {
  fakeQuantizeUniform,
  gptq,
  observeRange,
  rtn,
  searchTrip,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { integerPaths } from "../tensor/integers.ts";

const [columns, rows] = [200, 21];

/** One row, few rows, and rows enough for a native product. */
const tokenCounts = [1, 9, 21];

/** Activations whose channels differ in width, as TRIP expects them. */
const x = randomFloats(21 * columns, 1).map((value, i) => (value + 0.3) * 2 ** (i % columns % 5));
const weight = randomFloats(rows * columns, 2);
const bias = randomFloats(rows, 3);

const tensorRange = observeRange(x, { channels: columns, granularity: "tensor" });
const activations: Record<string, UniformGrid> = {
  "TRIP, K = 3": searchTrip(x, { channels: columns, bits: 8, K: 3 }),
  "TRIP, K = 5": searchTrip(x, { channels: columns, bits: 8, K: 5 }),
  "one range": uniformGrid(tensorRange, { bits: 8 }),
  "one symmetric range": uniformGrid(tensorRange, { bits: 8, signed: true, profile: "released" }),
};

const plain = { rows, columns, symmetric: false, range: "minmax" } as const;
const weights: Record<string, AffineMatrix> = {
  "4 bits per row": rtn(weight, { ...plain, bits: 4, groupSize: "row" }),
  "4 bits in groups": rtn(weight, { ...plain, bits: 4, groupSize: 24 }),
  "8 bits per row": rtn(weight, { ...plain, bits: 8, groupSize: "row" }),
  "8 bits in groups": rtn(weight, { ...plain, bits: 8, groupSize: 24 }),
  "4 bits in groups of act-order": gptq(weight, gram(x), {
    ...{ bits: 4, groupSize: 24, symmetric: false, actOrder: true, percdamp: 0.1 },
  }).weight,
};

function gram(values: Float32Array): Float64Array {
  return Float64Array.from({ length: columns ** 2 }, (_, at) => {
    let sum = 0;
    for (let row = 0; row < values.length; row += columns) {
      sum += values[row + Math.floor(at / columns)] * values[row + at % columns];
    }
    return sum;
  });
}

/** Each output in float64 from the dequantized operands, and the sum of its terms' magnitudes. */
function expectedOutputs(quantized: AffineMatrix, params: UniformGrid) {
  const dequantized = decodeMatrix(quantized);
  const input = fakeQuantizeUniform(x, params);
  return Array.from({ length: x.length / columns * rows }, (_, at) => {
    const [token, row] = [Math.floor(at / rows), at % rows];
    let [value, magnitude] = [bias[row], Math.abs(bias[row])];
    for (let c = 0; c < columns; c++) {
      const term = input[token * columns + c] * dequantized[row * columns + c];
      value += term;
      magnitude += Math.abs(term);
    }
    return { value, magnitude };
  });
}

/** 16 roundings of float32 at the size of the terms: bounds scale, step and one sum per group. */
const tolerance = 16 * 2 ** -24;

for (const [path, choose] of integerPaths) {
  for (const [activation, params] of Object.entries(activations)) {
    for (const [name, quantized] of Object.entries(weights)) {
      Deno.test(`quantizedLinear() equals the dequantized product: ${name}, ${activation}, ${path}`, async () => {
        await choose();
        const biasTensor = tf.tensor1d(bias);
        const { weight, apply } = quantizedLinear(quantized, params, biasTensor);
        const expected = expectedOutputs(quantized, params);
        for (const tokens of tokenCounts) {
          const input = tf.tensor2d(x.subarray(0, tokens * columns), [tokens, columns]);
          const output = apply(input);
          assertEquals(output.shape, [tokens, rows]);
          output.dataSync().forEach((actual, at) => {
            const { value, magnitude } = expected[at];
            const error = Math.abs(actual - value);
            assert(error <= tolerance * magnitude, `output ${at}: ${actual} instead of ${value}`);
          });
          tf.dispose([input, output]);
        }
        tf.dispose([biasTensor, weight.memory]);
      });
    }
  }
}

for (const [path, choose] of integerPaths) {
  Deno.test(`quantizedLinear() quantizes as fakeQuantizeUniform() does, bit for bit: ${path}`, async () => {
    await choose();
    const identity = affineMatrix({
      ...{ rows: columns, columns, bits: 4, scale: new Float32Array(columns).fill(1) },
      zeroPoint: new Uint8Array(columns),
      codes: Uint8Array.from({ length: columns ** 2 }, (_, i) => Number(i % (columns + 1) === 0)),
    });
    for (const params of Object.values(activations)) {
      const { scale } = params;
      // Ties, values beyond the range, signed zeros and subnormal numbers.
      const step = Math.min(...scale);
      const values = Float32Array.from({ length: 21 * columns }, (_, i) => (i - 2000) / 2 * step);
      values.set([-0, 0, 1e-45, -1e-38, 3e38, -3e38, 2 ** 30, -(2 ** 31)]);
      const { weight, apply } = quantizedLinear(identity, params);
      for (const tokens of tokenCounts) {
        const part = values.subarray(0, tokens * columns);
        const input = tf.tensor2d(part, [tokens, columns]);
        const output = apply(input);
        assertEquals(output.dataSync(), fakeQuantizeUniform(part, params));
        tf.dispose([input, output]);
      }
      weight.memory.dispose();
    }
  });
}

Deno.test("quantizedLinear() gives a row the same output whatever stands beside it", async () => {
  await integerPaths[0][1]();
  const wide = rtn(randomFloats(4096 * 16, 4), {
    ...{ rows: 4096, columns: 16, bits: 4, groupSize: "row", symmetric: false, range: "minmax" },
  });
  const values = randomFloats(150 * 16, 5);
  const range = observeRange(values, { channels: 16, granularity: "tensor" });
  const { weight, apply } = quantizedLinear(wide, uniformGrid(range, { bits: 8 }));
  const [all, last] = [tf.tensor2d(values, [150, 16]), tf.tensor2d(values.slice(-16), [1, 16])];
  const [many, one] = [apply(all), apply(last)];
  assertEquals(many.dataSync().slice(-4096), one.dataSync());
  tf.dispose([all, last, many, one, weight.memory]);
});

Deno.test("quantizedLinear() holds at most 0.6 bytes per 4-bit weight, all counted", () => {
  const shape = { rows: 768, columns: 768 };
  const quantized = rtn(randomFloats(768 * 768, 6), {
    ...{ ...shape, bits: 4, groupSize: 128, symmetric: false, range: "minmax" },
  });
  const values = randomFloats(64 * 768, 7).map((value, i) => value * 2 ** (i % 768 % 4));
  const params = searchTrip(values, { channels: 768, bits: 8, K: 3 });
  const before = tf.memory().numBytes;
  const { weight } = quantizedLinear(quantized, params);
  const held = tf.memory().numBytes - before + weight.tables.byteLength;
  weight.memory.dispose();
  assert(held <= 0.6 * 768 * 768, `${held / 768 ** 2} bytes per weight`);
});

Deno.test("applyTogether() equals one map after the other, whatever the order of columns", async () => {
  await integerPaths[0][1]();
  const params = activations["TRIP, K = 3"];
  const names = [["4 bits in groups", "8 bits per row"], ["4 bits in groups", "4 bits in groups"]];
  for (const pair of names) {
    const maps = pair.map((name) => quantizedLinear(weights[name], params));
    const input = tf.tensor2d(x, [21, columns]);
    const together = applyTogether(maps, params, "x")(input);
    maps.forEach(({ weight, apply }, index) => {
      const alone = apply(input);
      assertEquals(together[index].dataSync(), alone.dataSync());
      tf.dispose([alone, together[index], weight.memory]);
    });
    input.dispose();
  }
});

Deno.test("quantizedLinear() refuses ranges per channel, and values of other width", () => {
  const range = observeRange(x, { channels: columns, granularity: "channel" });
  const perChannel = uniformGrid(range, { bits: 8, signed: true, profile: "released" });
  assertThrows(
    () => quantizedLinear(weights["4 bits per row"], perChannel, undefined, "attn.input"),
    InputError,
    "Cannot multiply attn.input in integers: its steps must be one step times powers of two",
  );
  const { weight, apply } = quantizedLinear(
    weights["4 bits per row"],
    activations["one range"],
    undefined,
    "attn.input",
  );
  const narrow = tf.zeros([2, 10]) as tf.Tensor2D;
  assertThrows(
    () => apply(narrow),
    InputError,
    "Cannot multiply attn.input in integers: it must be [rows, 200], got [2,10]",
  );
  tf.dispose([narrow, weight.memory]);
});
