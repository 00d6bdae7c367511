import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, LowRankMatrix, type StoredMatrix, SumMatrix } from "../../lib/format/mod.ts";
import { lowRankApproximation } from "../../lib/methods/lorc.ts";
import { gptqPasses, rtnPass, withLorc } from "../../lib/methods/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { rtn } from "../../lib/quant/mod.ts";
import { assertSameNumbers, goldenTensors } from "../quant/support.ts";
import { layersOf, linearNames, linearWeights, run } from "./support.ts";

const windows = [1, 2].map((seed) => randomIds(40, seed));
const nearest = { bits: 4, groupSize: "row", symmetric: true, range: "absmax" } as const;
const lorc = { rank: 8, bits: 8 };

function asSum(weight: StoredMatrix): SumMatrix {
  if (weight instanceof SumMatrix) return weight;
  throw new TypeError("the weight must be a sum");
}

const norm = (values: Iterable<number>) =>
  Math.sqrt([...values].reduce((sum, each) => sum + each ** 2, 0));

Deno.test("lowRankApproximation() of what rounding loses is that of torch.linalg.svd, in 8 bits nearly", () => {
  const { floats, integers } = goldenTensors("lorc", "rivals");
  const weight = floats("weight");
  const rounded = rtn(weight, { ...nearest, rows: 64, columns: 128 });
  assertSameNumbers(rounded.readCodes(), integers("codes"), "codes");
  assertSameNumbers(rounded.scale, floats("scale"), "scale");
  const values = decodeMatrix(rounded);
  const lost = weight.map((each, i) => each - values[i]);
  const expected = floats("product");
  const matrix = lowRankApproximation(lost, 64, 128, lorc);
  const product = decodeMatrix(matrix);
  const miss = norm(product.map((each, i) => each - expected[i])) / norm(expected);
  assert(miss < 0.02, `${miss}`);
  // Each of eight values has a row of 64 and one of 128 codes, two steps and two zero points.
  assertEquals(matrix.byteLength, 8 * (64 + 128) + 8 * 2 * (4 + 1));
  const remaining = norm(lost.map((each, i) => each - product[i]));
  assert(Math.abs(norm(lost) - 1.3905761173086444) < 1e-5);
  assert(Math.abs(remaining - 0.8569335311177094) < 1e-3, `${remaining}`);
});

Deno.test("withLorc() adds to every map what its pass made of it most of what that lost", () =>
  withModel("llama", async (model) => {
    const plain = await run(model, [rtnPass(nearest)], windows);
    const { model: compensated } = await run(model, withLorc([rtnPass(nearest)], lorc), windows);
    const [before, rounded, after] = await Promise.all(
      [model, plain.model, compensated].map(linearWeights),
    );
    const layers = await layersOf(compensated);
    for (const [name, values] of after) {
      const error = (other: Float32Array) =>
        norm(other.map((each, i) => each - before.get(name)![i]));
      assert(error(values) < error(rounded.get(name)!), name);
    }
    for (const name of linearNames) {
      const weight = asSum(layers[1][name]!.weight);
      const [part] = weight.parts;
      assert(part instanceof LowRankMatrix && part.rank === 8);
      const { rows, columns } = weight;
      const codes = rows * columns / 2 + rows * (4 + 0.5);
      assertEquals(weight.byteLength, codes + 8 * (rows + columns) + 8 * 2 * (4 + 1));
      assertEquals(weight.form, "4 bits in whole rows + rank 8 (8 bits in whole rows)");
    }
  }));

Deno.test("withLorc() follows each pass of GPTQ, whose later ones see what it gave back", () =>
  withModel("opt-pre", async (model) => {
    const options = { bits: 3, groupSize: 32, actOrder: false, symmetric: false };
    const gptq = gptqPasses({ ...options, blockSize: 128, percdamp: 0.01 });
    const passes = withLorc(gptq, lorc);
    assertEquals(passes.map(({ name }) => name), Array(4).fill("GPTQ + LoRC"));
    assertEquals(
      passes.map(({ observes, part }) => [observes, part]),
      gptq.map((
        { observes, part },
      ) => [observes, part]),
    );
    const [plain, other] = [await run(model, gptq, windows), await run(model, passes, windows)];
    const [[rounded], [compensated]] = await Promise.all(
      [plain, other].map(({ model }) => layersOf(model)),
    );
    const [query, output] = [compensated.query!, compensated.output!].map(({ weight }) =>
      decodeMatrix(asSum(weight).base)
    );
    assertEquals(query, decodeMatrix(rounded.query!.weight));
    const [own, others] = [output, decodeMatrix(rounded.output!.weight)];
    assert(own.some((each, i) => each !== others[i]));
  }));

Deno.test("withLorc() refuses a rank that a map cannot have, by its name", () =>
  withModel("bloom", async (model) => {
    await assertRejects(
      () => run(model, withLorc([rtnPass(nearest)], { rank: 65, bits: 8 }), windows),
      InputError,
      "Cannot find the singular values of query of layer 0: rank must be in 1..64, got 65",
    );
    await assertRejects(
      () => run(model, withLorc([rtnPass(nearest)], { rank: 2, bits: 9 }), windows),
      InputError,
      "Cannot quantize factor of query of layer 0: bits must be an integer in 2..8, got 9",
    );
  }));
