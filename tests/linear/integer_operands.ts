import { assert, assertEquals } from "@std/assert";
import {
  type AffineMatrix,
  affineMatrix,
  decodeMatrix,
  type UniformGrid,
} from "../../lib/format/mod.ts";
import type { LinearMap } from "../../lib/linear/mod.ts";
import {
  fakeQuantizeUniform,
  gptq,
  observeRange,
  rtn,
  searchTrip,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";

export const [columns, rows] = [200, 21];

/** One row, few rows, and rows enough for a native product. */
const tokenCounts = [1, 9, 21];

/** Activations whose channels differ in width, as TRIP expects them. */
export const x = randomFloats(21 * columns, 1)
  .map((value, i) => (value + 0.3) * 2 ** (i % columns % 5));
const weight = randomFloats(rows * columns, 2);
export const bias = randomFloats(rows, 3);

/** A bias that no tensor can be made of. */
export const noNumbers = "none" as unknown as Float32Array;

/** Grids of the activations that integers can be multiplied on. */
export function activationGrids(bits: number): Record<string, UniformGrid> {
  const range = observeRange(x, { channels: columns, granularity: "tensor" });
  return {
    "TRIP, K = 3": searchTrip(x, { channels: columns, bits, K: 3 }),
    "TRIP, K = 5": searchTrip(x, { channels: columns, bits, K: 5 }),
    "one range": uniformGrid(range, { bits }),
    "one symmetric range": uniformGrid(range, { bits, signed: true, profile: "released" }),
  };
}

const plain = { rows, columns, symmetric: false, range: "minmax" } as const;

/** Weights `[rows, columns]` of four bits. */
export const fourBitWeights: Record<string, AffineMatrix> = {
  "4 bits per row": rtn(weight, { ...plain, bits: 4, groupSize: "row" }),
  "4 bits in groups": rtn(weight, { ...plain, bits: 4, groupSize: 24 }),
  "4 bits in groups of act-order": gptq(weight, gram(x), {
    ...{ bits: 4, groupSize: 24, symmetric: false, actOrder: true, percdamp: 0.1 },
  }).weight,
};

/** Weights `[rows, columns]` of eight bits. */
export const eightBitWeights: Record<string, AffineMatrix> = {
  "8 bits per row": rtn(weight, { ...plain, bits: 8, groupSize: "row" }),
  "8 bits in groups": rtn(weight, { ...plain, bits: 8, groupSize: 24 }),
};

/** A weight of ones on the diagonal. */
const identity = affineMatrix({
  ...{ rows: columns, columns, bits: 4, scale: new Float32Array(columns).fill(1) },
  zeroPoint: new Uint8Array(columns),
  codes: Uint8Array.from({ length: columns ** 2 }, (_, i) => Number(i % (columns + 1) === 0)),
});

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
function expectedOutputs(quantized: AffineMatrix, grid: UniformGrid) {
  const dequantized = decodeMatrix(quantized);
  const input = fakeQuantizeUniform(x, grid);
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

/** What makes a map in integers. */
type MakeMap = (weight: AffineMatrix, grid: UniformGrid, bias?: Float32Array) => LinearMap;

/** Asserts that a map gives the product of the dequantized operands, and frees what it holds. */
export function assertDequantizedProduct(
  make: MakeMap,
  quantized: AffineMatrix,
  grid: UniformGrid,
): void {
  const before = tf.memory().numTensors;
  const expected = expectedOutputs(quantized, grid);
  {
    using map = make(quantized, grid, bias);
    for (const tokens of tokenCounts) {
      tidy(() => {
        const output = map.apply(tf.tensor2d(x.subarray(0, tokens * columns), [tokens, columns]));
        assertEquals(output.shape, [tokens, rows]);
        output.dataSync().forEach((actual, at) => {
          const { value, magnitude } = expected[at];
          const error = Math.abs(actual - value);
          assert(error <= tolerance * magnitude, `output ${at}: ${actual} instead of ${value}`);
        });
      });
    }
  }
  assertEquals(tf.memory().numTensors, before);
}

/** Asserts that a map quantizes its input to the very bits that `fakeQuantizeUniform` gives. */
export function assertQuantizesAsEmulated(make: MakeMap, grid: UniformGrid): void {
  // Ties, values beyond the range, signed zeros and subnormal numbers.
  const step = Math.min(...grid.scale);
  const values = Float32Array.from({ length: 21 * columns }, (_, i) => (i - 2000) / 2 * step);
  values.set([-0, 0, 1e-45, -1e-38, 3e38, -3e38, 2 ** 30, -(2 ** 31)]);
  using map = make(identity, grid);
  for (const tokens of tokenCounts) {
    const part = values.subarray(0, tokens * columns);
    const output = tidy(() => map.apply(tf.tensor2d(part, [tokens, columns])).dataSync());
    assertEquals(output, fakeQuantizeUniform(part, grid));
  }
}

/** What maps of the same value give together and one after the other. */
export function togetherAndAlone(maps: LinearMap[], relu = false) {
  const options = relu ? { activation: "relu" } as const : undefined;
  return tidy(() => {
    const input = tf.tensor2d(x, [21, columns]);
    const [first, ...others] = maps;
    return {
      together: first.applyWith!(others, input, options)?.map((output) => output.dataSync()),
      alone: maps.map((map) => map.apply(input, options).dataSync()),
    };
  });
}
