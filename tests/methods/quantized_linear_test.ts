import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { quantizedLinear } from "../../lib/methods/mod.ts";
import {
  fakeQuantizeUniform,
  gptq,
  observeRange,
  type QuantizedWeight,
  rtn,
  searchTrip,
  type UniformParams,
  uniformParams,
} from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { integerPaths } from "../tensor/integers.ts";

const [tokens, columns, rows] = [9, 200, 21];

/** Activations whose channels differ in width, as TRIP expects them. */
const x = randomFloats(tokens * columns, 1).map((value, i) =>
  (value + 0.3) * 2 ** (i % columns % 5)
);
const weight = randomFloats(rows * columns, 2);
const bias = randomFloats(rows, 3);

const tensorRange = observeRange(x, { channels: columns, granularity: "tensor" });
const activations: Record<string, UniformParams> = {
  "TRIP, K = 3": searchTrip(x, { channels: columns, bits: 8, K: 3 }),
  "TRIP, K = 5": searchTrip(x, { channels: columns, bits: 8, K: 5 }),
  "one range": uniformParams(tensorRange, { bits: 8 }),
  "one symmetric range": uniformParams(tensorRange, { bits: 8, signed: true, profile: "released" }),
};

const plain = { rows, columns, symmetric: false, range: "minmax" } as const;
const weights: Record<string, QuantizedWeight> = {
  "4 bits per row": rtn(weight, { ...plain, bits: 4, groupSize: "row" }),
  "4 bits in groups": rtn(weight, { ...plain, bits: 4, groupSize: 24 }),
  "8 bits per row": rtn(weight, { ...plain, bits: 8, groupSize: "row" }),
  "8 bits in groups": rtn(weight, { ...plain, bits: 8, groupSize: 24 }),
  "4 bits in groups of act-order": gptq(weight, gram(x), {
    ...{ bits: 4, groupSize: 24, symmetric: false, actOrder: true, percdamp: 0.1 },
  }),
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
function expectedOutputs({ dequantized }: QuantizedWeight, params: UniformParams) {
  const input = fakeQuantizeUniform(x, params);
  return Array.from({ length: tokens * rows }, (_, at) => {
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
        const input = tf.tensor2d(x, [tokens, columns]);
        const output = quantizedLinear(quantized, params, biasTensor).apply(input);
        assertEquals(output.shape, [tokens, rows]);
        const values = output.dataSync();
        expectedOutputs(quantized, params).forEach(({ value, magnitude }, at) => {
          const error = Math.abs(values[at] - value);
          assert(error <= tolerance * magnitude, `output ${at}: ${values[at]} instead of ${value}`);
        });
        tf.dispose([biasTensor, input, output]);
      });
    }
  }
}

Deno.test("quantizedLinear() gives a row the same output whatever stands beside it", async () => {
  await integerPaths[0][1]();
  const wide = rtn(randomFloats(4096 * 16, 4), {
    ...{ rows: 4096, columns: 16, bits: 4, groupSize: "row", symmetric: false, range: "minmax" },
  });
  const values = randomFloats(150 * 16, 5);
  const range = observeRange(values, { channels: 16, granularity: "tensor" });
  const { apply } = quantizedLinear(wide, uniformParams(range, { bits: 8 }));
  const [all, last] = [tf.tensor2d(values, [150, 16]), tf.tensor2d(values.slice(-16), [1, 16])];
  const [many, one] = [apply(all), apply(last)];
  assertEquals(many.dataSync().slice(-4096), one.dataSync());
  tf.dispose([all, last, many, one]);
});

Deno.test("quantizedLinear() holds at most 0.6 bytes per 4-bit weight", () => {
  const quantized = rtn(randomFloats(64 * 768, 6), {
    ...{ rows: 64, columns: 768, bits: 4, groupSize: 128, symmetric: false, range: "minmax" },
  });
  const { weight } = quantizedLinear(quantized, activations["one range"]);
  const held = Object.values(weight).filter((part) => ArrayBuffer.isView(part))
    .reduce((sum, part) => sum + part.byteLength, 0);
  const shared = weight.order.byteLength + weight.factor.byteLength; // one per column, not per row
  assert(held - shared <= 0.6 * 64 * 768, `${held} bytes`);
});

Deno.test("quantizedLinear() refuses ranges per channel, and values of other width", () => {
  const range = observeRange(x, { channels: columns, granularity: "channel" });
  const perChannel = uniformParams(range, { bits: 8, signed: true, profile: "released" });
  assertThrows(
    () => quantizedLinear(weights["4 bits per row"], perChannel, undefined, "attn.input"),
    InputError,
    "Cannot multiply attn.input in integers: its steps must be one step times powers of two",
  );
  const { apply } = quantizedLinear(
    weights["4 bits per row"],
    activations["one range"],
    undefined,
    "attn.input",
  );
  const narrow = tf.zeros([2, 10]) as tf.Tensor2D;
  assertThrows(
    () => apply(narrow),
    InputError,
    "Cannot multiply attn.input: it must be [rows, 200], got [2,10]",
  );
  narrow.dispose();
});
