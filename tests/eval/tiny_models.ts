import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import {
  type LayerModuleName,
  loadModel,
  type Model,
  type OpenModel,
  openModel,
  type Pruning,
  type StoredModule,
} from "../../lib/model/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";

await useBackend("agile");

const golden = new URL("../golden/hf/", import.meta.url).pathname;

/** Three blocks of 64 channels, vocabulary 512, random weights with two outlier channels each. */
export const tinyModels = ["llama", "opt-pre", "bloom"] as const;

/** Runs a test on a tiny model; fails if the test leaves tensors behind. */
export async function withModel(
  name: typeof tinyModels[number],
  run: (model: Model) => void | Promise<void>,
): Promise<void> {
  const before = tf.memory().numTensors;
  await run(await loadModel(golden + name));
  assertEquals(tf.memory().numTensors, before, "tensors were left behind");
}

/** Runs a test on a tiny model that is open meanwhile; fails if tensors are left behind. */
export function withOpenModel(
  name: typeof tinyModels[number],
  run: (model: OpenModel, stored: Model) => void | Promise<void>,
): Promise<void> {
  return withModel(name, async (stored) => {
    using model = await openModel(stored);
    await run(model, stored);
  });
}

/** The model with another module in the place of one. */
export async function withModule(
  model: Model,
  layer: number,
  name: LayerModuleName,
  change: (module: StoredModule) => StoredModule,
): Promise<Model> {
  const weights = await model.source.layer(layer);
  const changed = { ...weights, [name]: change(weights[name]!) };
  return {
    ...model,
    source: {
      ...model.source,
      layer: (index) => index === layer ? Promise.resolve(changed) : model.source.layer(index),
    },
  };
}

/** Random token ids of the tiny models. */
export function randomIds(count: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  return Int32Array.from({ length: count }, () => random.integer(0, 511));
}

/** Half of the tokens leave in block 0 and a third of the others in block 1. */
export const pruning: Pruning = {
  ratios: new Map([[0, 0.5], [1, 0.34]]),
  importance: startTokenImportance,
  positions: "renumber",
};

/** Asserts that values differ by less than `tolerance`, element by element. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assertEquals(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    assert(difference < tolerance, `element ${i}: ${actual[i]} instead of ${expected[i]}`);
  }
}
