import { assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { floatMatrix, triangleOf } from "../../lib/format/mod.ts";
import { gptq, GptqFactor, plainAlgebra } from "../../lib/quant/mod.ts";
import { goldenTensors } from "./support.ts";

const tensors = goldenTensors("d_gptq");
const columns = 128;
const format = { bits: 4, groupSize: "row", actOrder: false, symmetric: false } as const;

Deno.test("GptqFactor serves several matrices, each as gptq() quantizes it, and gives its memory back", () => {
  let held = 0;
  const algebra = {
    ...plainAlgebra,
    take(length: number) {
      held++;
      return { values: new Float64Array(length), [Symbol.dispose]: () => void held-- };
    },
  };
  const options = { bits: 4, groupSize: 32, actOrder: true, symmetric: false };
  const hessian = tensors.floats("H");
  const weight = tensors.floats("W");
  {
    using factor = new GptqFactor(triangleOf(hessian), options, "up", () => {}, algebra);
    assertEquals(held, 1);
    for (const values of [weight, weight.map((value) => -value).subarray(0, 3 * columns)]) {
      const matrix = floatMatrix("F32", values, values.length / columns, columns);
      assertEquals(factor.quantize(matrix), gptq(values, hessian, options));
    }
    assertEquals(held, 1);
  }
  assertEquals(held, 0);
  const bad = { ...options, percdamp: 0 };
  const indefinite = triangleOf(hessian.map((value) => -value));
  assertThrows(() => new GptqFactor(indefinite, bad, "up", () => {}, algebra), InputError);
  assertEquals(held, 0);
});

Deno.test("GptqFactor quantizes all rows of a matrix that it does not decode at once", () => {
  const columns = 64;
  const rows = 2 ** 16 + 3; // of which 2^16 together
  const random = seededRandom(4);
  const three = Float32Array.from({ length: 3 * columns }, () => random.normal());
  const values = new Float32Array(rows * columns);
  values.set(three, (rows - 3) * columns);
  const hessian = new Float64Array(columns ** 2).fill(0.5);
  for (let i = 0; i < columns; i++) hessian[i * (columns + 1)] = 1 + i;
  const options = { bits: 3, groupSize: 16, actOrder: true, symmetric: false };
  const shares: number[] = [];
  using factor = new GptqFactor(triangleOf(hessian), options);
  const { weight, loss } = factor.quantize(
    floatMatrix("F32", values, rows, columns),
    "up",
    (share) => shares.push(share),
  );
  const alone = gptq(three, hessian, options);
  assertEquals(weight.takeRows([rows - 3, rows - 2, rows - 1]), alone.weight);
  assertEquals(loss, alone.loss);
  assertEquals(shares, shares.toSorted((a, b) => a - b));
});

Deno.test("GptqFactor refuses what is no triangle, and matrices of other columns", () => {
  assertThrows(
    () => new GptqFactor(new Float32Array(5), format, "up"),
    InputError,
    "Cannot quantize up: the Hessian must be a triangle, got 5",
  );
  using factor = new GptqFactor(Float32Array.of(1, 0, 1), format, "up");
  assertThrows(
    () => factor.quantize(floatMatrix("F32", new Float32Array(3), 1, 3), "gate"),
    InputError,
    "Cannot quantize gate: it must have the 2 columns of the Hessian, got 3",
  );
});
