import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { ShiftAddFactor, type ShiftAddOptions } from "../../lib/quant/mod.ts";
import { rivalGoldens } from "./rival_goldens.ts";

/** What GATECH-EIC/ShiftAddLLM made of a layer. */
interface LoopCase {
  id: string;
  kind: string;
  mode: "acc" | "lat";
  bits: number;
  group: number;
  rounds: number;
  rescale: boolean;
  sum_of_losses: number;
}

const { cases, floats } = rivalGoldens<LoopCase>("shiftadd");
const loops = cases.filter(({ kind }) => kind === "loop");
const [rows, columns] = [48, 128];
const layer = floatMatrix("F32", floats("weight"), rows, columns);

function optionsOf({ mode, bits, group, rounds, rescale }: LoopCase): ShiftAddOptions {
  return {
    ...{ bits, rounds, powers: 3, rescale, actOrder: true },
    tiles: mode === "acc" ? "columns" : "blocks",
    groupSize: group < 0 ? "column" : group,
  };
}

function quantize(options: ShiftAddOptions) {
  using factor = new ShiftAddFactor(floats("hessian"), options);
  return factor.quantize(layer);
}

for (const each of loops) {
  Deno.test(`ShiftAddFactor equals the reference: ${each.id}`, () => {
    const { weight, loss } = quantize(optionsOf(each));
    const values = decodeMatrix(weight);
    const expected = floats(`${each.id}.dequant`);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expected.forEach((value, i) => assertAlmostEquals(values[i] / largest, value / largest, 1e-5));
    // Our Hessian is twice theirs, unless it is scaled to 1.
    assertAlmostEquals(loss / each.sum_of_losses, each.rescale ? 1 : 2, 1e-4);
  });
}

Deno.test("ShiftAddFactor stores digits, three bytes for each factor, and divisors", () => {
  const bitsOf = (id: string, change: Partial<ShiftAddOptions> = {}) => {
    const options = optionsOf(loops.find((each) => each.id === id)!);
    return bitsPerWeight(quantize({ ...options, ...change }).weight);
  };
  assertAlmostEquals(bitsOf("loop.acc_w3_g-1_r50"), 3 + 3 * 24 / rows, 1e-12);
  assertAlmostEquals(bitsOf("loop.lat_w3_g-1_r50"), 3 + 3 * 24 / rows, 1e-12);
  const grouped = bitsOf("loop.acc_w2_g24_r20", { floatDtype: "F16" });
  assertAlmostEquals(grouped, 2 + 2 * 24 / 24 + 16 / rows, 1e-12);
});

Deno.test("ShiftAddFactor serves several matrices, as if each had come alone", () => {
  for (const rescale of [false, true]) {
    const options = { ...optionsOf(loops[0]), rounds: 3, rescale };
    const other = floatMatrix(
      "F32",
      floats("weight").map((value) => -2 * value).slice(0, 16 * columns),
      16,
      columns,
    );
    using both = new ShiftAddFactor(floats("hessian"), options);
    both.quantize(layer);
    using alone = new ShiftAddFactor(floats("hessian"), options);
    assertEquals(both.quantize(other), alone.quantize(other));
  }
});

Deno.test("ShiftAddFactor loses less with more digits, and with more powers", () => {
  const options = optionsOf(loops[0]);
  const lossOf = (change: Partial<ShiftAddOptions>) => quantize({ ...options, ...change }).loss;
  assert(lossOf({ bits: 4 }) < 0.5 * lossOf({ bits: 3 }));
  assert(lossOf({ powers: 3 }) < lossOf({ powers: 1 }));
});

Deno.test("ShiftAddFactor refuses tiles that do not divide a matrix, and settings that there are not", () => {
  const acc = optionsOf(loops[0]);
  const lat = { ...acc, tiles: "blocks" } as const;
  const refused: [ShiftAddOptions, string][] = [
    [{ ...acc, groupSize: 7 }, "groupSize must divide its 48 rows, got 7"],
    [{ ...lat, groupSize: 56 }, "an eighth of groupSize must divide its 48 rows, got 56"],
    [{ ...lat, groupSize: 7 }, "an eighth of groupSize must divide its 48 rows, got 7"],
    [{ ...acc, bits: 1 }, "bits must be an integer in 2..8, got 1"],
    [{ ...acc, rounds: 0 }, "rounds must be a positive integer, got 0"],
    [{ ...acc, powers: 1.5 }, "powers must be a positive integer, got 1.5"],
  ];
  for (const [options, rule] of refused) {
    assertThrows(() => quantize(options), InputError, `Cannot quantize weight: ${rule}`);
  }
  const blocks = "Cannot quantize up: blocks of 8 must divide its columns, got 2";
  assertThrows(() => new ShiftAddFactor(Float32Array.of(1, 0, 1), lat, "up"), InputError, blocks);
});
