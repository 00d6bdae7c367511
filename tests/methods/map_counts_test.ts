import { assertEquals } from "@std/assert";
import { type Operation, type OperationCounts } from "../../lib/format/mod.ts";
import {
  countMap,
  countToken,
  floatCounts,
  integerCounts,
  type MapCounts,
  type MethodName,
  methods,
  scaledCounts,
} from "../../lib/methods/mod.ts";
import { linearShapes } from "../../lib/model/mod.ts";
import { families } from "../model/tiny_models.ts";

const [rows, columns, groupSize] = [3, 12, 4];

/** Operations that count themselves. */
class Machine {
  readonly counts: Partial<Record<Operation, number>> = {};

  do(operation: Operation, one: number, other: number): number {
    this.counts[operation] = (this.counts[operation] ?? 0) + 1;
    return operation.startsWith("multiply") ? one * other : one + other;
  }
}

/** Codes, with scales and a step of the token that are powers of two, so that all is exact. */
const codes = Int32Array.from({ length: rows * columns }, (_, i) => (7 * i + 3) % 16);
const inputs = Int32Array.from({ length: columns }, (_, i) => (37 * i) % 255 - 127);
const step = 0.25;
const scaleOf = (row: number, group: number) => 2 ** (row - group);
const zeroOf = (row: number, group: number) => (5 * row + group) % 16;

/** Products of integers by groups of columns, each with a scale and perhaps a zero point. */
function multiplyIntegers(machine: Machine, size: number, hasZeros: boolean): number[] {
  const groups = columns / size;
  return Array.from({ length: rows }, (_, row) => {
    let output = 0;
    for (let group = 0; group < groups; group++) {
      let [sum, codeSum] = [0, 0];
      for (let i = group * size; i < (group + 1) * size; i++) {
        const product = machine.do("multiply int8", codes[row * columns + i], inputs[i]);
        sum = machine.do("add int32", sum, product);
        codeSum += inputs[i]; // the same for all rows
      }
      if (hasZeros) {
        const correction = machine.do("multiply int32", zeroOf(row, group), codeSum);
        sum = machine.do("add int32", sum, -correction);
      }
      const scaled = machine.do("multiply float32", sum, scaleOf(row, group));
      output = groups === 1 ? scaled : machine.do("add float32", output, scaled);
    }
    return machine.do("multiply float32", output, step);
  });
}

for (const [size, hasZeros] of [[groupSize, true], [groupSize, false], [columns, true]] as const) {
  const kind = `${size === columns ? "rows" : "groups"} with${hasZeros ? "" : "out"} zero points`;
  Deno.test(`integerCounts() are what ${kind} take, counted while they are multiplied`, () => {
    const machine = new Machine();
    const output = multiplyIntegers(machine, size, hasZeros);
    const expected = Array.from({ length: rows }, (_, row) =>
      inputs.reduce((sum, input, i) => {
        const group = Math.floor(i / size);
        const zero = hasZeros ? zeroOf(row, group) : 0;
        return sum + (codes[row * columns + i] - zero) * scaleOf(row, group) * input * step;
      }, 0));
    assertEquals(output, expected);
    const weights = {
      bits: 4,
      groupSize: size === columns ? "row" : size,
      symmetric: !hasZeros,
    } as const;
    assertEquals(countMap(integerCounts(weights, { bits: 8 }), rows, columns), machine.counts);
  });
}

Deno.test("scaledCounts() adds exponents where scales are powers of two", () => {
  const product = { "multiply float8": 1, "add float32": 1 } as const;
  const shared = { groupSize: 32, powers: true } as const;
  assertEquals(scaledCounts(product, [shared, shared]), {
    product,
    group: { columns: 32, counts: { "add int8": 2, "add float32": 1 } },
    output: {},
  });
  assertEquals(scaledCounts(product, [{ ...shared, powers: "ofLargest" }, { groupSize: "row" }]), {
    product,
    group: { columns: 32, counts: { "add int8": 1, "add float32": 1 } },
    output: { "multiply float32": 2 },
  });
});

Deno.test("countMap() counts a group that is not full as one, and low-rank factors", () => {
  const counts: MapCounts = {
    product: { "add int32": 1 },
    group: { columns: 5, counts: { "multiply float32": 1 } },
    output: { "add float32": 1 },
    rank: 2,
  };
  assertEquals(countMap(counts, rows, columns), {
    "add int32": 36,
    "multiply float32": 3 * 3,
    "add float32": 3 + 2 * 15,
    "multiply float16": 2 * 15,
  });
});

Deno.test("countToken() sums up the maps of all blocks", () => {
  const { llama } = families;
  const weights = linearShapes(llama).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  assertEquals(countToken(floatCounts, llama), {
    "multiply float16": 2 * weights,
    "add float32": 2 * weights,
  });
});

Deno.test("methods count their products", () => {
  const float = floatCounts.product;
  const int8 = { "multiply int8": 1, "add int32": 1 };
  const float8 = { "multiply float8": 1, "add float32": 1 };
  const lMul = { "add int16": 2, "add float32": 1 };
  const tables = { "look up": 3 / 8, "add float32": 3 / 8 };
  const expected: [MethodName, OperationCounts][] = [
    ["fp16", float],
    ["gptq4", float],
    ["kivi2", float],
    ["crossquant-w4a8", float],
    ["bitmod4", float],
    ["fixed-point8", float],
    ["fixed-point8-activations", int8],
    ["dfp16", { "multiply int16": 1, "add int32": 1 }],
    ["nupes4", float],
    ["smoothquant", int8],
    ["quarot", { "multiply int4": 1, "add int32": 1 }],
    ["zeroquant-fp-int4", int8],
    ["ternary", { "add int32": 1 }],
    ["agileq-8", int8],
    ["agileq-4", int8],
    ["agileq-8-activations", float],
    ["fp8", float8],
    ["fp4", float8],
    ["mxfp4", { "multiply float4": 1, "add float32": 1 }],
    ["l-mul", lMul],
    ["l-mul-attention", float],
    ["l-mul-both", lMul],
    ["shiftadd3-lat", tables],
  ];
  for (const [name, product] of expected) {
    const counts = methods[name].counts();
    assertEquals("reason" in counts ? counts : counts.product, product, name);
  }
  for (const name of ["llm-int8", "mofq8", "comet", "nupes-w4a8"] as const) {
    assertEquals(Object.keys(methods[name].counts()), ["reason"]);
  }
});

Deno.test("methods count the settings that they are given", () => {
  const product = (name: MethodName, activations: object) => {
    const counts = methods[name].with({ activations }).counts();
    return "reason" in counts ? counts : counts.product;
  };
  const int8 = { "multiply int8": 1, "add int32": 1 };
  const float8 = { "multiply float8": 1, "add float32": 1 };
  assertEquals(product("crossquant-w4a8", { alpha: 1 }), int8);
  assertEquals(product("llm-int8", { threshold: 0 }), int8);
  for (const [only, counted] of [["integer", int8], ["float", float8]] as const) {
    const alone = methods.mofq8.with({ weights: { only }, activations: { only } }).counts();
    assertEquals("reason" in alone ? alone : alone.product, counted);
  }
  assertEquals(product("agileq-8", { K: 6 }), { "multiply int10": 1, "add int32": 1 });
  assertEquals(product("agileq-8", { profile: "released" }), floatCounts.product);
  const lorc = methods["zeroquant-fp-lorc"].counts();
  assertEquals("reason" in lorc ? lorc : lorc.rank, 8);
});
