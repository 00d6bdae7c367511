import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, mean, type Progress, silent } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { floatMatrix, triangleRow } from "../../lib/format/mod.ts";
import {
  changeMatrices,
  configure,
  type ConfiguredMethod,
  type Executed,
  type Method,
  methods,
  type Pass,
  prepareModel,
  type PrepareOptions,
  type Quantized,
  type RtnSettings,
  sitePasses,
  Versions,
} from "../../lib/methods/mod.ts";
import { linearGroups, type Model, openModel, StoredBlocks } from "../../lib/model/mod.ts";
import { rtn } from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { everyMethod, layersOf, linearWeights, unread } from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(40, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: windows.slice(0, 2) });

function prepare(
  model: Model,
  method: ConfiguredMethod,
  options?: PrepareOptions,
): Promise<Executed> {
  return prepareModel(model, method, calibration, options);
}

/** The losses of a window. */
async function lossOf({ model, forward }: Executed): Promise<Float32Array> {
  const [{ loss }] = await scoreWindows(model, [randomIds(40, 9)], forward);
  return loss;
}

for (const name of tinyModels) {
  for (const [title, method] of everyMethod) {
    Deno.test(`prepareModel() readies ${title} on ${name}`, () =>
      withModel(name, async (model) => {
        const { model: quantized, forward } = await prepare(model, method);
        const [scores] = await scoreWindows(quantized, [randomIds(40, 9)], {
          ...forward,
          reference: model,
        });
        const divergence = mean(scores.divergence!);
        assertEquals(divergence > 0, method !== methods.fp16);
        const most = method === methods.ternary ? 0.5 : 0.2; // models must be trained to be ternary
        assert(divergence < most, `divergence ${divergence}`);
      }));
  }
}

for (const [title, method] of everyMethod) {
  Deno.test(`prepareModel() takes weights of ${title} from where another process has left them`, () =>
    withModel("llama", (model) =>
      withFolder(async (folder) => {
        const alone = await lossOf(await prepare(model, method));
        for (const place of ["first", "second"]) {
          const versions = new Versions((key) =>
            Promise.resolve(new StoredBlocks(`${folder}/${[...key].length}`))
          );
          const executed = await prepare(model, method, { versions });
          assertEquals([place, await lossOf(executed)], [place, alone]);
        }
      })));
}

Deno.test("prepareModel() quantizes no block anew that another process has left", () =>
  withModel("llama", (model) =>
    withFolder(async (folder) => {
      const versions = () => new Versions(() => Promise.resolve(new StoredBlocks(folder)));
      const ask = (asked: string[]) => () => {
        asked.push("calibration");
        return calibration();
      };
      const [first, second, third] = [[], [], []] as string[][];
      await prepareModel(model, methods.gptq4, ask(first), { versions: versions() });
      await prepareModel(model, methods.gptq4, ask(second), { versions: versions() });
      assertEquals([first.length > 0, second], [true, []]);
      const files = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).toSorted();
      assertEquals(files.length, model.architecture.layers);
      const before = await Deno.readFile(`${folder}/${files[0]}`);
      await Deno.remove(`${folder}/${files.at(-1)}`);
      await prepareModel(model, methods.gptq4, ask(third), { versions: versions() });
      assertEquals([third.length > 0, await Deno.readFile(`${folder}/${files[0]}`)], [
        true,
        before,
      ]);
      assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, files.length);
    })));

Deno.test("prepareModel() asks for calibration only where a method reads it", () =>
  withModel("bloom", async (model) => {
    const { model: same } = await prepareModel(model, methods.fp16, unread);
    assert(same === model);
    await prepareModel(model, methods.rtn4, unread);
    for (const name of ["gptq4", "agileq-8"] as const) {
      const prepared = prepareModel(model, methods[name], unread);
      await assertRejects(() => prepared, Error, "calibration was read");
    }
  }));

Deno.test("prepareModel() hands on pruning, and quantizes no values without a scheme", () =>
  withModel("llama", async (model) => {
    const { forward } = await prepareModel(model, methods.rtn4, unread, { pruning });
    assert(forward.pruning === pruning);
    assertEquals([forward.hook, forward.lower], [undefined, undefined]);
    const quantizing = await prepare(model, methods["agileq-8"], { pruning });
    assert(quantizing.forward.pruning === pruning && quantizing.forward.hook !== undefined);
  }));

Deno.test("prepareModel() calibrates activations on their own windows, with pruning", () =>
  withModel("llama", async (model) => {
    const method = methods["agileq-8"].with({ activations: { profile: "released" } });
    const run = async ({ model, forward: { hook, probabilities } }: Executed) =>
      await lossOf({ model, forward: { hook, probabilities } });
    const two = await run(await prepare(model, method));
    const others = () => ({ ...calibration(), activationWindows: windows.slice(2) });
    const third = await run(await prepareModel(model, method, others));
    assert(two.some((loss, i) => loss !== third[i]));
    const pruned = await run(await prepare(model, method, { pruning }));
    assert(two.some((loss, i) => loss !== pruned[i]));
  }));

/** Versions, and how many they have made. */
function countedVersions(): { versions: Versions; made(): number } {
  let count = 0;
  class Counted extends Versions {
    override get(passes: readonly Pass[], make: () => Promise<Quantized>): Promise<Quantized> {
      return super.get(passes, () => {
        count++;
        return make();
      });
    }
  }
  return { versions: new Counted(), made: () => count };
}

/** Progress that writes down what is begun. */
function noting(): { progress: Progress; begun: string[] } {
  const begun: string[] = [];
  const progress = { ...silent, start: (label: string) => begun.push(label) };
  return { progress, begun };
}

Deno.test("prepareModel() makes weights once for methods that agree in them, and changes nothing by it", () =>
  withModel("opt-pre", async (model) => {
    const { versions, made } = countedVersions();
    const { progress, begun } = noting();
    const shared: Model[] = [];
    for (const name of ["gptq4", "agileq-8", "agileq-4/8"] as const) {
      const own = await prepare(model, methods[name], { versions, progress });
      const alone = await prepare(model, methods[name]);
      assertEquals(await layersOf(own.model), await layersOf(alone.model));
      assertEquals(await lossOf(own), await lossOf(alone));
      shared.push(own.model);
    }
    assert(shared.every(({ source }) => source === shared[0].source));
    assertEquals(made(), 1);
    assertEquals(begun, [
      "GPTQ on opt-pre",
      "activations on opt-pre",
      "activations on opt-pre",
    ]);
    const coarser = methods.gptq4.with({ weights: { bits: 3 } });
    await prepare(model, coarser, { versions });
    assertEquals(made(), 2);
    await prepareModel(model, methods.fp16, unread, { versions });
    assertEquals(made(), 2);
  }));

Deno.test("prepareModel() keeps no version of weights that depend on the pruning of a run", () =>
  withModel("llama", async (model) => {
    const { versions, made } = countedVersions();
    const scale = configure("Scale", {
      passes: (): Pass[] => [{
        ...{ name: "scale", settings: null, windows: "activations" },
        observes: { "mlp.hidden": "range" },
        rewrite: (layer, seen) => {
          const factor = 1 + seen.range("mlp.hidden").max[0];
          return changeMatrices(
            layer,
            0,
            ["down"],
            ({ values, rows, columns }) =>
              floatMatrix("F32", values.map((value) => value * factor), rows, columns),
          );
        },
      }],
    }, {});
    const down = async (options: PrepareOptions) => {
      const { model: own } = await prepare(model, scale, options);
      return (await linearWeights(own)).get("down of layer 2")!;
    };
    const whole = await down({ versions });
    assertEquals(made(), 1);
    const pruned = await down({ versions, pruning });
    assertEquals(made(), 1);
    assertEquals(pruned, await down({ pruning }));
    assert(whole.some((value, i) => value !== pruned[i]));
  }));

const nearest: RtnSettings = { bits: 5, groupSize: 32, symmetric: false, range: "minmax" };

/** Weights that read the smallest inputs become 0, and all are rounded: a method of a user's own. */
const cleared: Method<{ weights: RtnSettings }> = {
  passes: ({ weights }) => [
    ...linearGroups.map(({ reads, names }): Pass => ({
      ...{ name: "cleared", settings: { weights, reads }, leavesCodes: true },
      observes: { [reads]: "gram" },
      rewrite: (layer, seen, at) =>
        changeMatrices(layer, at.layer, names, ({ values, rows, columns, name }) => {
          const gram = seen.gram(reads);
          const energy = Float32Array.from(
            { length: columns },
            (_, i) => gram[triangleRow(i, columns) + i],
          );
          const least = energy.toSorted()[Math.floor(columns / 8)];
          const left = values.map((value, i) => energy[i % columns] < least ? 0 : value);
          return rtn(left, { ...weights, rows, columns }, name);
        }),
    })),
    ...sitePasses({
      profile: "paper",
      sites: Object.fromEntries(
        linearGroups.map(({ reads }) => [reads, { kind: "trip", bits: 8, K: 3 }]),
      ),
    }),
  ],
};

for (const name of tinyModels) {
  Deno.test(`prepareModel() runs a method that it has never heard of, in floats and integers: ${name}`, () =>
    withModel(name, async (model) => {
      const method = configure("Cleared", cleared, { weights: nearest });
      const windowsOf = { weights: 0, activations: 0 };
      const counting = () => ({
        get weightWindows() {
          windowsOf.weights++;
          return windows;
        },
        get activationWindows() {
          windowsOf.activations++;
          return windows.slice(0, 2);
        },
      });
      const [emulated, integers] = [
        await prepareModel(model, method, counting),
        await prepare(model, method, { execute: "integer" }),
      ];
      assert(windowsOf.weights > 0 && windowsOf.activations > 0);
      const [floats, codes] = [mean(await lossOf(emulated)), mean(await lossOf(integers))];
      assert(Math.abs(codes / floats - 1) < 1e-3, `${codes} instead of ${floats}`);
      const original = mean(await lossOf({ model, forward: {} }));
      assert(floats !== original && Math.abs(floats / original - 1) < 0.1);
      for (const [key, values] of await linearWeights(emulated.model)) {
        const before = (await linearWeights(model)).get(key)!;
        assert(values.some((value, i) => value !== before[i]), key);
      }
    }));
}

Deno.test("prepareModel() calibrates weights of methods other than GPTQ", () =>
  withModel("llama", async (model) => {
    const method = configure("Cleared", cleared, { weights: nearest });
    const few = () => ({ ...calibration(), weightWindows: windows.slice(2) });
    const [many, one] = [
      await linearWeights((await prepare(model, method)).model),
      await linearWeights((await prepareModel(model, method, few)).model),
    ];
    const down = "down of layer 2";
    assert(many.get(down)!.some((value, i) => value !== one.get(down)![i]));
    await assertRejects(
      () => prepareModel(model, method, () => ({ ...calibration(), weightWindows: [] })),
      InputError,
      "Cannot calibrate llama: there must be at least one calibration window",
    );
  }));

Deno.test("prepareModel() refuses before it quantizes what could not be executed", () =>
  withModel("opt-pre", async (model) => {
    await assertRejects(
      () => prepareModel(model, methods.gptq4, unread, { execute: "integer" }),
      InputError,
      "Cannot execute GPTQ in integers: it must quantize activations",
    );
  }));

Deno.test("prepareModel() throws its signal's reason, and leaves no tensors", () =>
  withModel("opt-pre", async (model) => {
    for (const stage of ["GPTQ on opt-pre", "activations on opt-pre"]) {
      const controller = new AbortController();
      let current = "";
      const progress = {
        ...silent,
        start: (label: string) => void (current = label),
        update: () => void (current === stage && controller.abort(new Error("enough"))),
      };
      const before = tf.memory().numTensors;
      const options = { progress, signal: controller.signal };
      const error = await assertRejects(() => prepare(model, methods["agileq-8"], options));
      assert(error === controller.signal.reason);
      assertEquals([current, tf.memory().numTensors], [stage, before]);
    }
  }));

Deno.test("prepareModel() gives plain data: two models of one method can be open at once", () =>
  withModel("llama", async (model) => {
    const made = await prepare(model, methods["agileq-8"], { execute: "integer" });
    const before = tf.memory().numTensors;
    {
      using first = await openModel(made.model);
      using second = await openModel(made.model);
      assert(first.blocks[0] !== second.blocks[0]);
    }
    assertEquals(tf.memory().numTensors, before);
  }));
