import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { methodOf, quantizeWeights } from "../../lib/methods/mod.ts";
import {
  disposeModel,
  linearGroups,
  type Model,
  moduleOf,
  moduleShapes,
  parameters,
  withLinearWeights,
} from "../../lib/model/mod.ts";
import { rtn } from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const linear = new Set<string>(linearGroups.flat());
const windows = [1, 2, 3, 4].map((seed) => randomIds(64, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: [] });

/** Every matrix of a block, before and after. */
function matrices(model: Model, quantized: Model) {
  return moduleShapes(model.architecture)
    .filter(({ layer, name }) => layer !== null && linear.has(name))
    .map((shape) => ({
      before: moduleOf(model.weights, shape),
      after: moduleOf(quantized.weights, shape),
    }));
}

/** Asserts that the values are steps apart, within the rounding of float32, and one of them is 0. */
function assertOnGrid(values: Float32Array, levels: number): void {
  const sorted = [...new Set([...values, 0])].sort((a, b) => a - b);
  assert(sorted.length <= levels, `${sorted.length} levels`);
  const gaps = sorted.slice(1).map((value, index) => value - sorted[index]);
  const step = Math.min(...gaps);
  for (const gap of gaps) {
    assert(
      Math.abs(gap / step - Math.round(gap / step)) < 1e-4,
      `${gap} is no multiple of ${step}`,
    );
  }
}

for (const name of tinyModels) {
  for (const method of ["rtn4", "gptq4"]) {
    Deno.test(`quantizeWeights() changes the matrices of the blocks alone: ${method}, ${name}`, () =>
      withModel(name, async (model) => {
        const originals = parameters(model.weights).map((tensor) => tensor.dataSync().slice());
        const before = tf.memory().numTensors;
        const quantized = await quantizeWeights(model, methodOf(method), calibration);
        const changed = matrices(model, quantized);
        assertEquals(changed.length, model.architecture.layers * (name === "llama" ? 7 : 6));
        assertEquals(tf.memory().numTensors, before + changed.length);

        for (const { before, after } of changed) {
          assert(after.weight !== before.weight);
          assert(after.bias === before.bias);
          assertEquals(after.weight.shape, before.weight.shape);
        }
        const replaced = new Set(changed.map(({ after }) => after.weight));
        const shared = parameters(quantized.weights).filter((tensor) => !replaced.has(tensor));
        const own = new Set(parameters(model.weights));
        assert(shared.every((tensor) => own.has(tensor)));
        assertEquals(shared.length + changed.length, own.size);
        parameters(model.weights).forEach((tensor, index) =>
          assertEquals(tensor.dataSync(), originals[index])
        );
        disposeModel(quantized, model);
      }));
  }
}

Deno.test("quantizeWeights() rounds every row to 16 levels: rtn4", () =>
  withModel("llama", async (model) => {
    const quantized = await quantizeWeights(model, methodOf("rtn4"), calibration);
    for (const { before, after } of matrices(model, quantized)) {
      const [rows, columns] = after.weight.shape;
      const values = after.weight.dataSync<"float32">();
      for (let row = 0; row < rows; row++) {
        assertOnGrid(values.subarray(row * columns, (row + 1) * columns), 16);
      }
      const rounded = rtn(before.weight.dataSync<"float32">(), {
        ...{ rows, columns, bits: 4, groupSize: "row", symmetric: false, range: "minmax" },
      });
      assertEquals(values, decodeMatrix(rounded));
    }
    disposeModel(quantized, model);
  }));

Deno.test("quantizeWeights() rounds every group of a row to 16 levels: gptq4", () =>
  withModel("llama", async (model) => {
    const quantized = await quantizeWeights(model, methodOf("gptq4"), calibration);
    for (const { after } of matrices(model, quantized)) {
      const [rows, columns] = after.weight.shape;
      const values = after.weight.dataSync<"float32">();
      for (let row = 0; row < rows; row++) {
        const own = values.subarray(row * columns, (row + 1) * columns);
        // Rows of up to 128 columns are one group; of longer ones act-order hides the groups.
        if (columns <= 128) assertOnGrid(own, 16);
        assert(new Set(own).size <= 16 * Math.ceil(columns / 128));
      }
    }
    disposeModel(quantized, model);
  }));

Deno.test("quantizeWeights() asks for calibration only where it is read", () =>
  withModel("bloom", async (model) => {
    const unread = () => {
      throw new Error("calibration was read");
    };
    assert(await quantizeWeights(model, methodOf("fp16"), unread) === model);
    disposeModel(await quantizeWeights(model, methodOf("rtn4"), unread), model);
    await assertRejects(
      () => quantizeWeights(model, methodOf("gptq4"), unread),
      Error,
      "calibration was read",
    );
  }));

Deno.test("quantizeWeights() refuses GPTQ without windows", () =>
  withModel("bloom", async (model) => {
    await assertRejects(
      () =>
        quantizeWeights(model, methodOf("gptq4"), () => ({ ...calibration(), weightWindows: [] })),
      InputError,
      "Cannot calibrate bloom: there must be at least one calibration window",
    );
  }));

for (const method of ["rtn4", "gptq4"]) {
  Deno.test(`quantizeWeights() names the matrix that is not finite: ${method}`, () =>
    withModel("opt-pre", async (model) => {
      const broken = await withLinearWeights(model, (module, layer, name) => {
        if (layer !== 1 || name !== "down") return module;
        return { ...module, weight: tf.fill(module.weight.shape, NaN) };
      });
      await assertRejects(
        () => quantizeWeights(broken, methodOf(method), calibration),
        InputError,
        "Cannot quantize down of layer 1: element 0 must be finite, got NaN",
      );
      disposeModel(broken, model);
    }));
}
