import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { type AffineCodes, affineMatrix, type GridSteps } from "../../../lib/format/mod.ts";
import { integerLinear, packWeight, tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";
import type { AgileBackend } from "../../../lib/tensor/agile.ts";
import { assertFloatsClose } from "../compare.ts";
import { integerPaths } from "../integers.ts";

/** A layer whose activations are codes already: code - zeroPoint, times 2^shift of their column. */
interface Layer {
  weight: AffineCodes & { groupIndex: Int32Array };
  /** `[tokens, columns]` */
  codes: Uint8Array;
  zeroPoint: number;
  shift: Uint8Array;
  bias: Float32Array;
}

/** Steps of these sizes, with one shift and range for all channels. */
function stepsOf(scale: Float32Array, [shift, low, high]: [number, number, number]): GridSteps {
  const [shifts, lowest, highest] = [shift, low, high].map((value) => scale.map(() => value));
  return { scale, shift: shifts, low: lowest, high: highest };
}

/** What `integerLinear` makes of a layer. */
function compute({ weight, codes, zeroPoint, shift, bias }: Layer): Float32Array {
  const packed = packWeight(affineMatrix(weight), { step: 1, shift });
  const scale = Float32Array.from(shift, (power) => 2 ** power);
  const steps = stepsOf(scale, [0, -zeroPoint, 255 - zeroPoint]);
  const values = Float32Array.from(
    codes,
    (code, i) => (code - zeroPoint) * scale[i % shift.length],
  );
  const x = tf.tensor2d(values, [codes.length / shift.length, shift.length]);
  const biases = tf.tensor1d(bias);
  const [output] = integerLinear(x, steps, [{ weight: packed, bias: biases }]);
  const result = output.dataSync<"float32">() as Float32Array;
  tf.dispose([x, biases, output, packed.memory]);
  return result;
}

/** The same in whole numbers: sums of each group, then scales and bias in float32. */
function expected({ weight, codes, zeroPoint, shift, bias }: Layer): Float32Array {
  const { rows, columns, codes: weights, scale, zeroPoint: zeros, groupIndex } = weight;
  const groups = scale.length / rows;
  return Float32Array.from({ length: codes.length / columns * rows }, (_, at) => {
    const [token, row] = [Math.floor(at / rows) * columns, at % rows];
    const sums = new Float64Array(groups);
    for (let c = 0; c < columns; c++) {
      const grid = row * groups + groupIndex[c];
      const input = (codes[token + c] - zeroPoint) * 2 ** shift[c];
      sums[groupIndex[c]] += input * (weights[row * columns + c] - zeros[grid]);
    }
    return sums.reduce(
      (total, sum, group) =>
        Math.fround(total + Math.fround(scale[row * groups + group] * Math.fround(sum))),
      bias[row],
    );
  });
}

/** Powers up to 2^3, which stay in a block with all weights of four bits. */
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 27 }),
  columns: fc.integer({ min: 1, max: 100 }),
  tokens: fc.integer({ min: 1, max: 23 }),
  groups: fc.integer({ min: 1, max: 3 }),
});

for (const [name, choose] of integerPaths) {
  Deno.test(`integerLinear() sums up exactly, 4 bits: ${name}`, async () => {
    await choose();
    fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, tokens, groups }, draw) => {
      const bytes = (length: number, max: number) =>
        draw(fc.uint8Array, { minLength: length, maxLength: length, max });
      const weight = {
        ...{ rows, columns, bits: 4, codes: bytes(rows * columns, 15) },
        scale: Float32Array.from(bytes(rows * groups, 255), (byte) => (byte + 1) / 77),
        zeroPoint: bytes(rows * groups, 15),
        // In ascending order: the order in which blocks are added.
        groupIndex: Int32Array.from(bytes(columns, groups - 1)).sort(),
      };
      const layer = {
        weight,
        codes: bytes(tokens * columns, 255),
        ...{ zeroPoint: bytes(1, 255)[0], shift: bytes(columns, 3) },
        bias: Float32Array.from(bytes(rows, 255)),
      };
      assertEquals(compute(layer), expected(layer));
    }));
  });

  Deno.test(`integerLinear() sums up exactly, 8 bits: ${name}`, async () => {
    await choose();
    fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, tokens }, draw) => {
      const bytes = (length: number, max: number) =>
        draw(fc.uint8Array, { minLength: length, maxLength: length, max });
      const weight = {
        ...{
          rows,
          columns,
          bits: 8,
          codes: bytes(rows * columns, 255),
          scale: new Float32Array(rows).fill(0.3),
        },
        ...{ zeroPoint: bytes(rows, 255), groupIndex: new Int32Array(columns) },
      };
      const layer = {
        weight,
        codes: bytes(tokens * columns, 255),
        ...{ zeroPoint: bytes(1, 255)[0], shift: new Uint8Array(columns) },
        bias: Float32Array.from(bytes(rows, 255)),
      };
      assertEquals(compute(layer), expected(layer));
    }));
  });

  Deno.test(`integerLinear() sums up exactly beyond the first 2 GiB of memory: ${name}`, async () => {
    await choose();
    const [rows, columns, tokens] = [130, 64, 150];
    const weight = {
      ...{ rows, columns, bits: 4 },
      codes: new Uint8Array(rows * columns).map((_, i) => i * 7 % 16),
      ...{ scale: new Float32Array(rows).fill(0.5), zeroPoint: new Uint8Array(rows).fill(3) },
      groupIndex: new Int32Array(columns),
    };
    const layer = {
      weight,
      codes: new Uint8Array(tokens * columns).map((_, i) => i * 31 % 256),
      ...{ zeroPoint: 100, shift: new Uint8Array(columns) },
      bias: new Float32Array(rows),
    };
    const backend = tf.backend() as AgileBackend;
    const output = backend.scratch([2 ** 31], () => compute(layer));
    assertEquals(output, expected(layer));
  });

  for (const [bits, highest] of [[4, 15], [8, 255]]) {
    Deno.test(`integerLinear() is exact at the extremes, ${bits} bits: ${name}`, async () => {
      await choose();
      for (const [tokens, rows] of [[1, 1], [1, 9], [7, 1], [17, 130], [150, 6]]) {
        for (const columns of [1, 31, 32, 33, 1000, 4096]) {
          for (const [code, zero] of [[0, highest], [highest, 0]]) {
            for (const [activation, zeroPoint] of [[0, 255], [255, 0], [0, 0], [255, 255]]) {
              const furthest = bits === 4 ? 3 : 0;
              const weight = {
                ...{ rows, columns, bits, codes: new Uint8Array(rows * columns).fill(code) },
                ...{
                  scale: new Float32Array(rows).fill(1),
                  zeroPoint: new Uint8Array(rows).fill(zero),
                },
                groupIndex: new Int32Array(columns),
              };
              const output = compute({
                weight,
                codes: new Uint8Array(tokens * columns).fill(activation),
                ...{ zeroPoint, shift: new Uint8Array(columns).fill(furthest) },
                bias: new Float32Array(rows),
              });
              const sum = columns * (activation - zeroPoint) * 2 ** furthest * (code - zero);
              assertEquals(output, output.slice().fill(sum));
            }
          }
        }
      }
    });
  }
}

/** More rows, columns and places than a thread works on at once, in blocks of several depths. */
const large: [bits: number, groups: number, columns: number][] = [
  [4, 1, 1000],
  [4, 9, 1100],
  [4, 2, 11000],
  [4, 1, 16380], // the deepest block that a native library multiplies
  [4, 1, 16384], // the powers of two take it beyond
  [8, 1, 700],
  [8, 3, 900],
];

for (const [bits, groups, columns] of large) {
  Deno.test(`integerLinear() is the same on every path, ${bits} bits, ${groups} x ${columns}`, async () => {
    const [rows, tokens] = [602, 150];
    const highest = 2 ** bits - 1;
    const layer = {
      weight: {
        ...{ rows, columns, bits },
        codes: new Uint8Array(rows * columns).map((_, i) => (i * 7919 >> 3) & highest),
        scale: Float32Array.from({ length: rows * groups }, (_, i) => 1 / (3 + i % 97)),
        zeroPoint: new Uint8Array(rows * groups).map((_, i) => i & highest),
        groupIndex: new Int32Array(columns).map((_, i) =>
          Math.floor(i * i * groups / columns / columns)
        ),
      },
      codes: new Uint8Array(tokens * columns).map((_, i) => (i * 104729 >> 5) & 255),
      ...{ zeroPoint: 99, shift: new Uint8Array(columns).map((_, i) => i % 3) },
      bias: Float32Array.from({ length: rows }, (_, i) => i / 7),
    };
    const [[, first], ...others] = integerPaths;
    await first();
    const sums = compute(layer);
    for (const [name, choose] of others) {
      await choose();
      assertEquals(compute(layer), sums, name);
      const few = compute({ ...layer, codes: layer.codes.subarray(0, 3 * columns) });
      assertEquals(few, sums.subarray(0, 3 * rows), `${name}, three rows`);
    }
  });
}

Deno.test("integerLinear() quantizes once what several maps read", async () => {
  await useBackend("agile");
  const columns = 40;
  const biased = [3, 9, 16, 8].map((rows, index) => ({
    weight: packWeight(
      affineMatrix({
        ...{ rows, columns, bits: 4 },
        codes: Uint8Array.from({ length: rows * columns }, (_, i) => i % 16),
        ...{ scale: new Float32Array(rows).fill(0.1), zeroPoint: new Uint8Array(rows).fill(5) },
      }),
      { step: 0.5, shift: Uint8Array.from({ length: columns }, (_, i) => i % 3) },
    ),
    bias: index > 0 ? tf.fill<tf.Rank.R1>([rows], index) : undefined,
  }));
  const scale = Float32Array.from({ length: columns }, (_, i) => 0.5 * 2 ** (i % 3));
  const steps = stepsOf(scale, [0, -128, 127]);
  for (const tokens of [1, 20]) {
    tidy(() => {
      const x = tf.randomNormal([tokens, columns], 0, 20) as tf.Tensor2D;
      const together = integerLinear(x, steps, biased);
      biased.forEach(({ weight, bias = tf.scalar(0) }, index) => {
        const [bare] = integerLinear(x, steps, [{ weight }]);
        assertFloatsClose(together[index].dataSync(), tf.add(bare, bias).dataSync(), 1e-6);
      });
    });
  }
  tf.dispose(biased.flatMap(({ weight, bias }) => [weight.memory, ...bias ? [bias] : []]));
});

Deno.test("integerLinear() refuses what does not fit, and other backends", async () => {
  await useBackend("agile");
  const pack = (shift: number[]) =>
    packWeight(
      affineMatrix({
        ...{ rows: 2, columns: 2, bits: 4, codes: new Uint8Array(4) },
        ...{ scale: Float32Array.of(1, 1), zeroPoint: new Uint8Array(2) },
      }),
      { step: 1, shift: Uint8Array.from(shift) },
    );
  const [weight, other, reverse] = [pack([0, 0]), pack([0, 1]), pack([1, 0])];
  const steps = stepsOf(Float32Array.of(1, 1), [0, 0, 255]);
  const unlike = { ...steps, low: Float32Array.of(0, -1) };
  const [x, narrow, bias] = [tf.ones([1, 2]), tf.ones([1, 1]), tf.tensor1d([1, 2, 3])];
  const strange = tf.tensor2d([[1, NaN]]);
  const apply = (value: tf.Tensor, maps: Parameters<typeof integerLinear>[2], grid = steps) => () =>
    integerLinear(value as tf.Tensor2D, grid, maps, "attn.input");
  const refusals: [() => void, string][] = [
    [
      apply(x, [{ weight, bias }]),
      "Cannot multiply attn.input in integers: bias must be [2], got [3]",
    ],
    [
      apply(narrow, [{ weight }]),
      "Cannot multiply attn.input in integers: it must be [rows, 2], got [1,1]",
    ],
    ...[[weight, other], [other, reverse]].map(([one, two]): [() => void, string] => [
      apply(x, [{ weight: one }, { weight: two }]),
      "in integers: all weights must have one order of columns",
    ]),
    [
      apply(x, [{ weight }], unlike),
      "Cannot multiply attn.input in integers: its channels must share a zero point, got [0,-1]",
    ],
    [apply(strange, [{ weight }]), "Cannot quantize attn.input: element 1 must be finite, got NaN"],
  ];
  const before = tf.memory().numTensors;
  for (const [call, message] of refusals) assertThrows(call, InputError, message);
  assertEquals(tf.memory().numTensors, before);
  tf.dispose([x, narrow, bias, strange, weight.memory, other.memory, reverse.memory]);
  await useBackend("cpu");
  const elsewhere = tf.ones([1, 2]);
  assertThrows(
    apply(elsewhere, [{ weight }]),
    InputError,
    'Cannot multiply attn.input in integers: the backend must be agile, got "cpu"',
  );
  elsewhere.dispose();
});
