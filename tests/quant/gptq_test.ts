import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { type AffineMatrix, decodeMatrix } from "../../lib/format/mod.ts";
import { gptq, type GptqResult, rtn } from "../../lib/quant/mod.ts";
import golden from "../golden/quant/d_gptq.json" with { type: "json" };
import { assertSameNumbers, goldenTensors } from "./support.ts";

const tensors = goldenTensors("d_gptq");
const rows = 48;
const columns = 128;

type Golden = typeof golden.cases[number];

function quantized({ wbits, groupsize, actorder, sym, blocksize, percdamp, dead }: Golden) {
  return gptq(tensors.floats("W"), tensors.floats(dead ? "H_dead" : "H"), {
    bits: wbits,
    groupSize: groupsize === -1 ? "row" : groupsize,
    actOrder: actorder,
    symmetric: sym,
    blockSize: blocksize,
    percdamp,
  });
}

/** Its fields as they are compared with the reference. */
function read(weight: AffineMatrix) {
  return { codes: weight.readCodes(), scale: weight.scale, zeroPoint: weight.zeroPoints() };
}

/** Rows whose codes differ from the reference. */
function differingRows(codes: Uint8Array, expected: Int32Array): number[] {
  const differing = [...codes.keys()].filter((i) => codes[i] !== expected[i]);
  return [...new Set(differing.map((i) => Math.floor(i / columns)))];
}

/**
 * A symmetric grid puts the extreme weight of a group, w = (2^bits - 1) / 2 * scale, half way between
 * two codes: its last bit decides, and all later columns of the row follow.
 */
function assertTie(result: GptqResult, expected: Int32Array, row: number, bits: number): void {
  const codes = result.weight.readCodes();
  const order = result.permutation ?? Int32Array.from({ length: columns }, (_, i) => i);
  const first = order.find((c) => {
    const i = row * columns + c;
    return codes[i] !== expected[i];
  })!;
  const pair = [codes[row * columns + first], expected[row * columns + first]].sort();
  const ties = [[0, 1], [2 ** bits - 2, 2 ** bits - 1]];
  assert(ties.some((tie) => `${tie}` === `${pair}`), `row ${row} differs without a tie: ${pair}`);
}

for (const example of golden.cases) {
  const { id, wbits, sym, actorder, dead } = example;
  const stem = example.tensors_identical_to ?? id;
  Deno.test(`gptq() equals the reference implementation, ${id}`, () => {
    const result = quantized(example);
    const expected = tensors.integers(`${stem}.codes`);
    const { codes, scale: scales, zeroPoint } = read(result.weight);
    const ties = differingRows(codes, expected);
    assert(sym || ties.length === 0, `rows ${ties} differ`);
    assert(ties.length <= 1, `rows ${ties} differ`);
    for (const row of ties) assertTie(result, expected, row, wbits);

    const groups = scales.length / rows;
    const zeros = tensors.integers(`${stem}.zero`);
    tensors.floats(`${stem}.scale`).forEach((scale, i) => {
      if (ties.includes(Math.floor(i / groups))) return;
      assertEquals(zeroPoint[i], zeros[i], `zero point ${i}`);
      // Later groups see compensated weights, whose last bits depend on the order of summation.
      assertAlmostEquals(scales[i], scale, 3e-6 * scale, `scale ${i}`);
    });
    if (groups === 1) assertSameNumbers(scales, tensors.floats(`${stem}.scale`), "scale");
    const loss = example.sum_losses;
    assertAlmostEquals(result.loss, loss, (ties.length ? 2e-3 : 2e-6) * loss, "loss");

    const order = actorder ? tensors.integers(dead ? "perm_dead" : "perm_main") : undefined;
    assertEquals(result.permutation, order);
  });
}

Deno.test("gptq() differs from the reference implementation in one row of one golden case", () => {
  const differing = golden.cases.filter((example) => {
    const expected = tensors.integers(`${example.tensors_identical_to ?? example.id}.codes`);
    return differingRows(quantized(example).weight.readCodes(), expected).length > 0;
  });
  assertEquals(differing.map(({ id }) => id), ["w4_g32_act_sym_b32"]);
});

Deno.test("gptq() dequantizes to the reference implementation's weight", () => {
  const example = golden.cases.find(({ id }) => id === "w4_grow_act_asym_b128")!;
  assertSameNumbers(
    decodeMatrix(quantized(example).weight),
    tensors.floats(`${example.id}.Q`),
    "dequantized",
  );
});

Deno.test("gptq() says which group a column belongs to, counting in the order of quantization", () => {
  const example = golden.cases.find(({ id }) => id === "w4_g32_act_asym_b32")!;
  const { weight: { groupIndex }, permutation } = quantized(example);
  permutation!.forEach((column, rank) => assertEquals(groupIndex[column], rank >> 5));
});

Deno.test("gptq() tells how far it is, and ends when the listener throws", () => {
  const options = { bits: 4, groupSize: 32, actOrder: true, symmetric: false, blockSize: 32 };
  const run = (onStep?: (share: number) => void) =>
    gptq(tensors.floats("W"), tensors.floats("H"), options, "up", onStep);
  const shares: number[] = [];
  assertEquals(run((share) => shares.push(share)), run());
  assertEquals(shares, shares.toSorted((a, b) => a - b));
  assert(shares.length > 2 * columns && shares[0] >= 0 && shares.at(-1)! < 1);
  for (const step of [0, columns, 2 * columns + 1]) {
    let steps = 0;
    const stop = new Error("stopped");
    const onStep = () => {
      if (steps++ === step) throw stop;
    };
    assertThrows(() => run(onStep), Error, "stopped");
    assertEquals(steps, step + 1);
  }
});

Deno.test("gptq() is round-to-nearest when inputs are uncorrelated", () => {
  const random = seededRandom(2);
  const weight = Float32Array.from({ length: 5 * 24 }, () => random.normal());
  const hessian = new Float32Array(24 * 24);
  for (let i = 0; i < 24; i++) hessian[i * 25] = 1 + random.uniform();
  const format = { bits: 3, groupSize: 10, symmetric: false } as const;
  const nearest = rtn(weight, { ...format, rows: 5, columns: 24, range: "minmax" });
  assertEquals(gptq(weight, hessian, { ...format, actOrder: false }).weight, nearest);
});

Deno.test("gptq() depends neither on the Hessian's precision nor on a factor", () => {
  const options = { bits: 4, groupSize: 32, actOrder: true, symmetric: false };
  const hessian = Float64Array.from(tensors.floats("H"));
  const { weight } = gptq(tensors.floats("W"), hessian, options);
  const scaled = hessian.map((value) => 4 * value);
  assertEquals(gptq(tensors.floats("W"), scaled, options).weight, weight);
  assertEquals(gptq(tensors.floats("W"), tensors.floats("H"), options).weight, weight);
});

const format = { bits: 4, groupSize: "row", actOrder: false, symmetric: false } as const;

Deno.test("gptq() sets columns that were never active to zero", () => {
  const { weight } = gptq(
    Float32Array.of(1, 5, 2, 3, 5, 4),
    Float32Array.of(2, 0, 1, 0, 0, 0, 1, 0, 2),
    format,
  );
  const dequantized = decodeMatrix(weight);
  assertEquals([dequantized[1], dequantized[4]], [0, 0]);
});

Deno.test("gptq() finds a row's grid before columns that were never active are zeroed", () => {
  const hessian = Float32Array.of(2, 0, 1, 0, 0, 0, 1, 0, 2);
  const scaleOf = (groupSize: number | "row") =>
    gptq(Float32Array.of(1, 15, 3), hessian, { ...format, groupSize }).weight.scale;
  assertEquals(scaleOf("row"), Float32Array.of(1));
  assertEquals(scaleOf(3), Float32Array.of(0.2));
});

Deno.test("gptq() counts columns that were never active as 1 in the mean that damps", () => {
  const random = seededRandom(5);
  const columns = 6;
  const dead = [1, 4];
  const inputs = Float32Array.from(
    { length: 40 * columns },
    (_, i) => dead.includes(i % columns) ? 0 : 0.05 * random.normal(),
  );
  const hessian = new Float64Array(columns ** 2);
  for (let row = 0; row < inputs.length; row += columns) {
    for (let i = 0; i < columns ** 2; i++) {
      hessian[i] += inputs[row + Math.floor(i / columns)] * inputs[row + i % columns];
    }
  }
  const weight = Float32Array.from(
    { length: 8 * columns },
    (_, i) => dead.includes(i % columns) ? 0 : random.normal(),
  );
  const filled = hessian.slice();
  for (const column of dead) filled[column * (columns + 1)] = 1;
  const options = { ...format, bits: 3, actOrder: true };
  assertEquals(gptq(weight, hessian, options), gptq(weight, filled, options));
});

Deno.test("gptq() damps by a hundredth of the mean diagonal unless told otherwise", () => {
  const options = { bits: 4, groupSize: 32, actOrder: true, symmetric: false };
  const lossOf = (change: { percdamp?: number }) =>
    gptq(tensors.floats("W"), tensors.floats("H"), { ...options, ...change }).loss;
  assertEquals(lossOf({}), lossOf({ percdamp: 0.01 }));
  assert(lossOf({}) !== lossOf({ percdamp: 0.0101 }));
});

for (const bad of [NaN, Infinity]) {
  Deno.test(`gptq() refuses a Hessian with ${bad}`, () => {
    assertThrows(
      () => gptq(new Float32Array(2), Float64Array.of(1, 0, bad, 1), format, "key of layer 2"),
      InputError,
      `Cannot quantize key of layer 2: the Hessian must be finite, got ${bad}`,
    );
  });
}

Deno.test("gptq() searches the Hessian for what is not finite only where something is", () => {
  const hessian = Float64Array.of(1, 0, 0, 1);
  hessian.find = () => {
    throw new Error("it is finite");
  };
  assertEquals(gptq(new Float32Array(2), hessian, format).weight.readCodes().length, 2);
});

for (const groupSize of ["row", 2] as const) {
  Deno.test(`gptq() refuses a range wider than float32 reaches, group ${groupSize}`, () => {
    const weight = Float32Array.of(1, 2, -1e38, 3e38);
    assertThrows(
      () => gptq(weight, Float64Array.of(1, 0, 0, 1), { ...format, groupSize }, "up of layer 0"),
      InputError,
      "Cannot quantize up of layer 0: the width of its range must fit float32, got [-9.99",
    );
  });
}

Deno.test("gptq() refuses errors that carry a weight beyond float32", () => {
  const weight = Float32Array.of(1.5e38, 3.3e38);
  const options = { ...format, bits: 2 };
  assertThrows(
    () => gptq(weight, Float64Array.of(1, 0.99, 0.99, 1), options, "up of layer 0"),
    InputError,
    "Cannot quantize up of layer 0: the errors that columns pass on must stay finite",
  );
  gptq(weight, Float64Array.of(1, 0, 0, 1), options);
});

Deno.test("gptq() gives weights too small for a scale the grid of zeros", () => {
  const random = seededRandom(3);
  const weight = Float32Array.from({ length: 12 }, () => random.normal());
  const hessian = Float64Array.of(3, 1, 1, 1, 2, 0, 1, 0, 2);
  const expected = decodeMatrix(gptq(weight, hessian, format).weight);
  const small = weight.map((value, i) => i >= 3 && i < 6 ? 1e-45 : value);
  const quantized = gptq(small, hessian, format).weight;
  assertEquals(decodeMatrix(quantized), expected.map((value, i) => i >= 3 && i < 6 ? 0 : value));
  assertEquals(quantized.scale[1], Math.fround(2 / 15));
});

for (const actOrder of [false, true]) {
  Deno.test(`gptq() names the diagonal of a bad Hessian, actOrder ${actOrder}`, () => {
    const hessian = Float64Array.of(1, 0, 0, 0, -3, 0, 0, 0, 4);
    assertThrows(
      () => gptq(new Float32Array(3), hessian, { ...format, actOrder, percdamp: 0 }),
      InputError,
      "Cannot quantize weight: the damped Hessian's pivot 1 must be positive (raise the damping, percdamp), got -3",
    );
  });
}

for (
  const [what, weight, hessian, change, message] of [
    ["a Hessian that is not square", 4, 5, {}, "the Hessian must be square, got 5"],
    ["a weight of other columns", 5, 4, {}, "it must hold 2.5 x 2 values, got 5"],
    ["blocks of nothing", 4, 4, { blockSize: 0 }, "blockSize must be a positive integer, got 0"],
  ] as const
) {
  Deno.test(`gptq() refuses ${what}`, () => {
    assertThrows(
      () => gptq(new Float32Array(weight), new Float64Array(hessian), { ...format, ...change }),
      InputError,
      `Cannot quantize weight: ${message}`,
    );
  });
}

Deno.test("gptq() refuses dampings and orders that there are not", () => {
  const quantize = (changes: Record<string, unknown>) =>
    gptq(Float32Array.of(1, 2), Float64Array.of(1, 0, 0, 1), { ...format, ...changes });
  const refusals: [Record<string, unknown>, string][] = [
    [{ percdamp: -1 }, "percdamp must be a number of at least 0, got -1"],
    [{ percdamp: NaN }, "percdamp must be a number of at least 0, got NaN"],
    [{ percdamp: "a" }, 'percdamp must be a number of at least 0, got "a"'],
    [{ percdamp: Infinity }, "percdamp must be a number of at least 0, got Infinity"],
    [{ actOrder: "no" }, 'actOrder must be true or false, got "no"'],
  ];
  for (const [changes, rule] of refusals) {
    assertThrows(() => quantize(changes), InputError, `Cannot quantize weight: ${rule}`);
  }
});

Deno.test("gptq() takes blocks longer than the matrix, however long", () => {
  const quantize = (blockSize: number) =>
    gptq(Float32Array.of(1, 2), Float64Array.of(2, 1, 1, 2), { ...format, blockSize });
  assertEquals(quantize(1e12), quantize(2));
});

Deno.test("gptq() rounds scales to F16 before it chooses codes, which make up for it", () => {
  const [weight, hessian] = [tensors.floats("W"), tensors.floats("H")];
  for (const groupSize of ["row", 32] as const) {
    const options = { bits: 4, groupSize, symmetric: false, actOrder: true };
    const plain = gptq(weight, hessian, options);
    const rounded = gptq(weight, hessian, { ...options, scaleDtype: "F16" });
    assertInstanceOf(rounded.weight.scale, Float16Array);
    assertNotEquals(rounded.weight.scales(), plain.weight.scales());
    assertEquals(
      plain.weight.byteLength - rounded.weight.byteLength,
      2 * plain.weight.scale.length,
    );
    assertAlmostEquals(rounded.loss / plain.loss, 1, 0.02);
  }
});

Deno.test("gptq() chooses ranges as rtn() does where columns have nothing to do with each other", () => {
  const weight = tensors.floats("W");
  const identity = Float32Array.from({ length: columns ** 2 }, (_, i) => i % (columns + 1) ? 0 : 1);
  for (const groupSize of ["row", 32] as const) {
    for (const [range, symmetric] of [["mse", false], ["absmaxMse", true]] as const) {
      const format = { bits: 3, groupSize, symmetric, range };
      const { weight: found } = gptq(weight, identity, { ...format, actOrder: false });
      assertEquals(read(found), read(rtn(weight, { ...format, rows, columns })));
    }
  }
  const options = { bits: 3, groupSize: 32, symmetric: false, actOrder: false } as const;
  assertThrows(
    () => gptq(weight, identity, { ...options, range: "absmax" }),
    InputError,
    "range absmax must be symmetric, got false",
  );
});
