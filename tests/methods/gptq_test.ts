import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, mean } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix, triangleLength, triangleRow } from "../../lib/format/mod.ts";
import { gptqPasses, rtnPass } from "../../lib/methods/mod.ts";
import { seenAt } from "../../lib/methods/seen.ts";
import {
  forward,
  type LayerWeights,
  type LinearName,
  type Model,
  openModel,
  type SiteName,
} from "../../lib/model/mod.ts";
import { gptq, type GptqOptions } from "../../lib/quant/mod.ts";
import { tensorData, tidy } from "../../lib/tensor/mod.ts";
import { randomIds, tinyModels, withModel, withModule } from "../eval/tiny_models.ts";
import {
  asAffine,
  layersOf,
  linearNames,
  linearWeights,
  run,
  valuesAtSites,
  withLayers,
} from "./support.ts";

const windows = [1, 2, 3, 4].map((seed) => randomIds(80, seed));
const options: GptqOptions = { bits: 3, groupSize: 32, actOrder: true, symmetric: false };
const released: GptqOptions = { bits: 4, groupSize: 128, actOrder: true, symmetric: false };

/** What every linear map reads, in the order in which GPTQ visits them. */
const readers: [LinearName, SiteName][] = [
  ["query", "attn.input"],
  ["key", "attn.input"],
  ["value", "attn.input"],
  ["output", "attn.output"],
  ["gate", "mlp.input"],
  ["up", "mlp.input"],
  ["down", "mlp.hidden"],
];

async function gptqModel(model: Model, given = options, own = windows): Promise<Model> {
  return (await run(model, gptqPasses(given), own)).model;
}

/** H = 2/n sum x x^T in float64, n the number of windows. */
function slowHessian(parts: Float32Array[], channels: number): Float64Array {
  const hessian = new Float64Array(channels * channels);
  for (const part of parts) {
    for (let row = 0; row < part.length; row += channels) {
      const x = part.subarray(row, row + channels);
      for (let i = 0; i < channels; i++) {
        for (let j = 0; j < channels; j++) {
          hessian[i * channels + j] += 2 / parts.length * x[i] * x[j];
        }
      }
    }
  }
  return hessian;
}

/**
 * GPTQ map by map. What a map reads comes from the model whose maps before it, but for those that read
 * the same, are taken from `before`; without it everything is read from the original model.
 */
async function slowGptq(model: Model, before?: Model): Promise<Model> {
  const result = (await layersOf(model)).map((layer) => ({ ...layer }));
  const reader = (await layersOf(model)).map((layer) => ({ ...layer }));
  const quantized = before && await layersOf(before);
  for (const [index, layer] of result.entries()) {
    let latest: { site: SiteName; hessian: Float64Array } | undefined;
    for (const [name, site] of readers) {
      const module = layer[name];
      if (!module) continue;
      if (latest?.site !== site) {
        const read = await withLayers(model, (_, at) => reader[at]);
        const inputs = (await valuesAtSites(read, windows)).get(`${site} of layer ${index}`)!;
        latest = { site, hessian: slowHessian(inputs, module.weight.columns) };
      }
      const { weight } = gptq(decodeMatrix(module.weight), latest.hessian, options);
      layer[name] = { ...module, weight };
      if (quantized) reader[index][name] = quantized[index][name];
    }
  }
  return withLayers(model, (_, index) => result[index]);
}

/** The share of the weights of each map in which two models differ by more than rounding. */
async function differences(a: Model, b: Model): Promise<number[]> {
  const others = await linearWeights(b);
  return [...await linearWeights(a)].map(([name, values]) => {
    const other = others.get(name)!;
    return values.filter((value, i) => Math.abs(value - other[i]) > 1e-4).length / values.length;
  });
}

for (const name of tinyModels) {
  Deno.test(`gptqPasses() calibrates every map on what the quantized maps before it give: ${name}`, () =>
    withModel(name, async (model) => {
      const quantized = await gptqModel(model);
      const sequential = await slowGptq(model, quantized);
      const oneShot = await slowGptq(model);
      // Where a weight lies between two codes, the rounding of a product decides about its row.
      const most = Math.max(...await differences(quantized, sequential));
      assert(most < 0.02, `${most} of a map differs`);
      const [first, ...later] = await differences(quantized, oneShot);
      assert(first < 0.02, "the first map reads what the original gives");
      assert(mean(later.slice(2)) > 0.1, "the order makes no difference here");
    }));
}

/** The squared distance of a model's last hidden states from the original's over the windows. */
async function outputError(model: Model, original: Model): Promise<number> {
  using own = await openModel(model);
  using expected = await openModel(original);
  return windows.reduce((sum, window) =>
    tidy(() => {
      const other = tensorData(forward(expected, window).hidden);
      const values = tensorData(forward(own, window).hidden);
      return values.reduce((part, value, i) => part + (value - other[i]) ** 2, sum);
    }), 0);
}

for (const name of tinyModels) {
  Deno.test(`gptqPasses() lose less of the output than rounding to nearest: ${name}`, () =>
    withModel(name, async (model) => {
      const { bits, groupSize, symmetric } = options;
      const nearest = rtnPass({ bits, groupSize, symmetric, range: "minmax" });
      const { model: rounded } = await run(model, [nearest], windows);
      const error = await outputError(await gptqModel(model), model);
      assert(error < 0.7 * await outputError(rounded, model));
    }));
}

for (const name of tinyModels) {
  Deno.test(`gptqPasses() change the matrices of the blocks alone: ${name}`, () =>
    withModel(name, async (model) => {
      const quantized = await gptqModel(model, released);
      assert(quantized.source.outer === model.source.outer);
      const after = await layersOf(quantized);
      let maps = 0;
      for (const [index, layer] of (await layersOf(model)).entries()) {
        assertEquals(Object.keys(after[index]).sort(), Object.keys(layer).sort());
        for (const [key, module] of Object.entries(layer)) {
          const own = after[index][key as keyof LayerWeights]!;
          if (!linearNames.some((name) => name === key)) {
            assert(own === module);
            continue;
          }
          maps++;
          const { weight, bias } = own;
          assert(bias === module.bias);
          const { rows, columns, bits, groups } = asAffine(weight);
          assertEquals([rows, columns], [module.weight.rows, module.weight.columns]);
          assertEquals([bits, groups], [4, Math.ceil(columns / 128)]);
          const values = decodeMatrix(weight);
          for (let row = 0; row < rows; row++) {
            const levels = new Set(values.subarray(row * columns, (row + 1) * columns));
            assert(levels.size <= 16 * groups);
          }
        }
      }
      assertEquals(maps, 3 * (name === "llama" ? 7 : 6));
    }));
}

Deno.test("gptqPasses() clear the columns of channels that ReLU never lets through", () =>
  withModel("opt-pre", async (model) => {
    const dead = new Set([0, 17, 255]);
    const mute = await withLayers(model, ({ up, ...layer }) => {
      const bias = up!.bias!.map((value, i) => dead.has(i) ? -1e3 : value);
      return { ...layer, up: { ...up!, bias } };
    });
    for (const { down } of await layersOf(await gptqModel(mute))) {
      const { columns } = down!.weight;
      const sums = new Float64Array(columns);
      decodeMatrix(down!.weight).forEach((value, i) => sums[i % columns] += Math.abs(value));
      const cleared = [...sums.keys()].filter((column) => sums[column] === 0);
      for (const column of dead) assert(cleared.includes(column));
      assert(cleared.length < columns / 4, "columns of living channels were cleared");
    }
  }));

/** The model with matrices of its second block multiplied. */
async function withFactors(model: Model, factors: [LinearName, number][]): Promise<Model> {
  let scaled = model;
  for (const [name, factor] of factors) {
    scaled = await withModule(scaled, 1, name, ({ weight, bias }) => {
      const values = decodeMatrix(weight).map((value) => value * factor);
      return { weight: floatMatrix("F32", values, weight.rows, weight.columns), bias };
    });
  }
  return scaled;
}

for (const power of [66, -66]) {
  Deno.test(`gptqPasses() give the same codes when float32 holds an input but not its square, 2^${power}`, () =>
    withModel("llama", async (model) => {
      const factors: [LinearName, number][] = [["up", 2 ** power], ["down", 2 ** -power]];
      const own = windows.slice(0, 2);
      const expected = await linearWeights(await gptqModel(model, options, own));
      const scaled = await withFactors(model, factors);
      const actual = await linearWeights(await gptqModel(scaled, options, own));
      const all = new Map(factors.map(([name, factor]) => [`${name} of layer 1`, factor]));
      for (const [name, values] of expected) {
        assert(values.some((value) => value !== 0));
        assertEquals(actual.get(name), values.map((value) => value * (all.get(name) ?? 1)));
      }
    }));
}

Deno.test("gptqPasses() name site and layer of an activation that is not finite", () =>
  withModel("llama", async (model) => {
    const scaled = await withFactors(model, [["up", 2 ** 127]]);
    await assertRejects(
      () => gptqModel(scaled),
      InputError,
      "Cannot calibrate llama: mlp.hidden of layer 1 must be finite, got ",
    );
  }));

Deno.test("gptqPasses() name the matrix that is not finite", () =>
  withModel("opt-pre", async (model) => {
    const broken = await withModule(model, 1, "down", ({ weight: { rows, columns }, bias }) => {
      const values = new Float32Array(rows * columns).fill(NaN);
      return { weight: floatMatrix("F32", values, rows, columns), bias };
    });
    await assertRejects(
      () => gptqModel(broken),
      InputError,
      "Cannot quantize down of layer 1: element 0 must be finite, got NaN",
    );
  }));

Deno.test("gptqPasses() stop in the midst of one matrix", () =>
  withModel("llama", async ({ architecture, source }) => {
    const layer = await source.layer(0);
    const channels = architecture.hiddenSize;
    const gram = new Float32Array(triangleLength(channels));
    for (let i = 0; i < channels; i++) gram[triangleRow(i, channels) + i] = 1 + i;
    const [pass] = gptqPasses({ ...options, blockSize: 8 });
    const heard: number[] = [];
    const onStep = (share: number) => {
      heard.push(share);
      if (share > 3 / 8) throw new Error("stopped"); // the factor, and half of the first of three matrices
    };
    const seen = seenAt(new Map([["attn.input", { gram }]]));
    const rewrite = async () =>
      await pass.rewrite!(layer, seen, { architecture, layer: 0, onStep });
    await assertRejects(rewrite, Error, "stopped");
    assert(heard.length > 1 && heard.at(-1)! < 1 / 2);
  }));
