import { assert, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  BinaryMatrix,
  decodeMatrix,
  type StoredMatrix,
  triangleRow,
} from "../../lib/format/mod.ts";
import { methods, type Pass } from "../../lib/methods/mod.ts";
import { linearGroups } from "../../lib/model/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { run } from "./support.ts";

const windows = [1, 2].map((seed) => randomIds(80, seed));

/** The power of what a map gives, of inputs with this Hessian: the trace of `W H W^T`. */
function outputPower(values: Float32Array, hessian: Float32Array, columns: number): number {
  let power = 0;
  for (let start = 0; start < values.length; start += columns) {
    for (let i = 0; i < columns; i++) {
      const line = triangleRow(i, columns);
      for (let j = i; j < columns; j++) {
        const product = values[start + i] * hessian[line + j] * values[start + j];
        power += i === j ? product : 2 * product;
      }
    }
  }
  return power;
}

for (const name of ["shiftadd3-acc", "shiftadd3-lat"] as const) {
  for (const tiny of tinyModels) {
    Deno.test(`shiftAddMethod makes maps of binary digits: ${name} of ${tiny}`, () =>
      withModel(tiny, async (model) => {
        const [pass] = methods[name].passes(model.architecture);
        const watched: Pass = {
          ...pass,
          async rewrite(layer, seen, at) {
            const changed = await pass.rewrite!(layer, seen, at);
            for (const { reads, names } of linearGroups) {
              for (const map of names.filter((each) => layer[each])) {
                const matrix: StoredMatrix = changed[map]!.weight;
                assert(matrix instanceof BinaryMatrix, map);
                const values = decodeMatrix(layer[map]!.weight);
                const errors = decodeMatrix(matrix).map((value, i) => value - values[i]);
                const powerOf = (each: Float32Array) =>
                  outputPower(each, seen.gram(reads), matrix.columns);
                const share = powerOf(errors) / powerOf(values);
                assert(share < 0.05, `${map}: ${share}`);
              }
            }
            return changed;
          },
        };
        await run(model, [watched], windows);
      }));
  }
}

Deno.test("shiftAddMethod refuses tiles that do not divide a map, and names it", () =>
  withModel("llama", async (model) => {
    const sevens = methods["shiftadd3-acc"].with({ weights: { groupSize: 7 } });
    await assertRejects(
      () => run(model, sevens.passes(model.architecture), windows),
      InputError,
      "Cannot quantize query of layer 0: groupSize must divide its 64 rows, got 7",
    );
  }));
