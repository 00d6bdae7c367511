import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, CodebookMatrix, decodeMatrix, SumMatrix } from "../../lib/format/mod.ts";
import { requireSqueezeLlm, squeezeLlm, type SqueezeLlmOptions } from "../../lib/quant/mod.ts";
import { keptWeights, type SensitiveWeight } from "../../lib/quant/squeeze_llm.ts";
import { rivalGoldens } from "./rival_goldens.ts";

const { cases, floats, bytes } = rivalGoldens<
  {
    id: string;
    threshold: number | null;
    sensitivity_percent: number;
    bits: number;
    optimum: number[];
  }
>("squeezellm");
const [rows, columns] = [48, 192];
const layer: SensitiveWeight = {
  ...{ values: floats("weight"), fisher: floats("fisher"), rows, columns },
};
const options: SqueezeLlmOptions = { bits: 3, seed: 0 };

["sensitive", "magnitude", "dense_and_sparse"].forEach((name, bit) => {
  Deno.test(`keptWeights() equals the reference: ${name}`, () => {
    const { threshold, sensitivity_percent: percent } = cases.find(({ id }) => id === name)!;
    const weight = { ...layer, threshold: threshold ?? undefined };
    const kept = keptWeights(weight, { sensitiveShare: percent / 100 });
    assertEquals(kept, bytes("outliers").map((each) => each >> bit & 1));
  });
});

/** The sum of squared errors of rows, each by its Fisher information; row 5 has none. */
function errorsOf(matrix: ReturnType<typeof squeezeLlm>): Float64Array {
  const errors = new Float64Array(rows);
  decodeMatrix(matrix).forEach((value, i) => {
    const row = Math.floor(i / columns);
    const mass = row === 5 ? 1 : layer.fisher[i];
    errors[row] += mass * (value - layer.values[i]) ** 2;
  });
  return errors;
}

for (const { id, bits, optimum } of cases.filter((each) => each.id.startsWith("dense.w"))) {
  Deno.test(`squeezeLlm() comes as near to the least error as the reference: ${id}`, () => {
    const ratios = errorsOf(squeezeLlm(layer, { ...options, bits })).map((each, row) =>
      each / optimum[row]
    );
    assert(ratios.every((ratio) => ratio > 0.9999), "less than the least");
    const mean = ratios.reduce((sum, each) => sum + each, 0) / rows;
    assert(mean < 1.2, `${mean} times the least error`);
  });
}

Deno.test("squeezeLlm() keeps what codebooks lack of sensitive and large weights", () => {
  const kept = { ...layer, threshold: 0.21 };
  const matrix = squeezeLlm(kept, { ...options, sensitiveShare: 0.005 });
  assert(matrix instanceof SumMatrix && matrix.base instanceof CodebookMatrix);
  const values = decodeMatrix(matrix);
  keptWeights(kept, { sensitiveShare: 0.005 }).forEach((isKept, i) => {
    if (isKept) assertAlmostEquals(values[i], layer.values[i], 1e-7);
  });
  const without = errorsOf(squeezeLlm(layer, options));
  const sum = (errors: Float64Array) => errors.with(5, 0).reduce((total, each) => total + each, 0);
  assert(sum(errorsOf(matrix)) < 0.9 * sum(without));
});

Deno.test("squeezeLlm() stores the bits that its authors count, and where rows begin", () => {
  const half = { ...options, bits: 4, floatDtype: "F16" as const };
  const dense = 4 + 16 * 16 / columns;
  assertAlmostEquals(bitsPerWeight(squeezeLlm(layer, half)), dense, 1e-12);
  const sensitiveShare = 0.005;
  const kept = keptWeights(layer, { sensitiveShare }).reduce((sum, each) => sum + each, 0);
  const sparse = (32 * kept + 32 * (rows + 1)) / (rows * columns);
  const bits = bitsPerWeight(squeezeLlm(layer, { ...half, sensitiveShare }));
  assertAlmostEquals(bits, dense + sparse, 1e-12);
});

Deno.test("squeezeLlm() draws the same centroids for the same seed", () => {
  assertEquals(squeezeLlm(layer, options), squeezeLlm(layer, options));
});

Deno.test("squeezeLlm() refuses what is no number, and other shapes", () => {
  const nan = layer.fisher.with(7, NaN);
  const refused: [SensitiveWeight, string][] = [
    [{ ...layer, fisher: nan }, "the Fisher information of up: element 7 must be finite, got NaN"],
    [{ ...layer, values: layer.values.with(3, Infinity) }, "up: element 3 must be finite"],
    [{ ...layer, rows: 47 }, "up: it must hold 47 x 192 values, and as many of Fisher"],
    [{ ...layer, columns: 2 ** 21 }, "up: it must have at most 1048576 columns, got 2097152"],
  ];
  for (const [weight, rule] of refused) {
    const quantize = () => squeezeLlm({ ...weight, name: "up" }, options);
    assertThrows(quantize, InputError, `Cannot quantize ${rule}`);
  }
});

Deno.test("requireSqueezeLlm() refuses shares and bits that there are not", () => {
  const refused: [Partial<SqueezeLlmOptions>, string][] = [
    [{ bits: 9 }, "bits must be an integer in 2..8, got 9"],
    [{ sensitiveShare: 1 }, "sensitiveShare must be at least 0 and below 1, got 1"],
    [{ magnitudeShare: -0.1 }, "magnitudeShare must be at least 0 and below 1, got -0.1"],
  ];
  for (const [change, rule] of refused) {
    const message = `Cannot quantize up: ${rule}`;
    assertThrows(() => requireSqueezeLlm({ ...options, ...change }, "up"), InputError, message);
  }
});
