import { assert, assertEquals, assertRejects, assertThrows, equal } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import {
  type BitAllocation,
  type ConfiguredMethod,
  linearMapsOf,
  type MethodName,
  methods,
  prepareModel,
} from "../../lib/methods/mod.ts";
import type { LinearName, Model } from "../../lib/model/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { calibrationOf, layersOf, run } from "./support.ts";

const windows = [31, 32].map((seed) => randomIds(40, seed));

/** Bits of each linear map, in each of three layers, by its place among the maps of all layers. */
function allocationOf(
  { architecture }: Model,
  bits: (place: number) => number,
): BitAllocation {
  const names = linearMapsOf(architecture);
  return Array.from(
    { length: architecture.layers },
    (_, layer) =>
      Object.fromEntries(
        names.map((name, order) => [name, bits(layer * names.length + order)]),
      ),
  );
}

const allocating = (Object.entries(methods) as [MethodName, ConfiguredMethod][])
  .filter(([, { allocates }]) => allocates.weights.length > 0);

/** What a method leaves of the blocks: how each linear map is stored, its values, and the rest of its block. */
async function layersWith(model: Model, method: ConfiguredMethod) {
  const { model: quantized } = await run(model, method.passes(model.architecture), windows);
  return (await layersOf(quantized)).map((layer) => {
    const maps = linearMapsOf(model.architecture).map((name) => {
      const { weight, bias } = layer[name]!;
      return [name, { form: weight.form, values: decodeMatrix(weight), bias }] as const;
    });
    return { ...layer, ...Object.fromEntries(maps) };
  });
}

Deno.test("methods that quantize each linear map by itself allocate bits", () => {
  assertEquals(allocating.map(([name]) => name), [
    ...["rtn4", "gptq4", "spqr4", "spqr3", "shiftadd3-acc", "shiftadd3-lat"] as const,
    ...["bitmod4", "bitmod3", "bipolar4"] as const,
    ...["agileq-8", "agileq-8-eq3", "agileq-4", "agileq-4/8"] as const,
    ...["agileq-8-rotated", "agileq-4-rotated"] as const,
  ]);
});

for (const name of ["rtn4", "gptq4", "spqr3", "shiftadd3-lat", "bitmod4", "bipolar4"] as const) {
  Deno.test(`allocatedPasses() with the same bits everywhere is the method with these: ${name}`, () =>
    withModel("llama", async (model) => {
      const method: ConfiguredMethod = methods[name];
      for (const bits of method.allocates.weights.slice(0, 1)) {
        const allocation = allocationOf(model, () => bits);
        const uniform = await layersWith(model, method.with({ weights: { bits } }));
        const allocated = await layersWith(model, method.with({ weights: { allocation } }));
        assertEquals(allocated, uniform);
      }
    }));
}

for (const name of tinyModels) {
  Deno.test(`allocatedPasses() round each linear map to its own bits, and keep biases and norms: ${name}`, () =>
    withModel(name, async (model) => {
      const { rtn4 } = methods;
      const allocation = allocationOf(model, (place) => rtn4.allocates.weights[place % 6]);
      const found = await layersWith(model, rtn4.with({ weights: { allocation } }));
      for (const bits of rtn4.allocates.weights) {
        const uniform = await layersWith(model, rtn4.with({ weights: { bits } }));
        for (const [layer, own] of allocation.entries()) {
          for (const map of linearMapsOf(model.architecture)) {
            if (own[map] === bits) assertEquals(found[layer][map], uniform[layer][map]);
          }
          assertEquals(found[layer].inputNorm, uniform[layer].inputNorm);
        }
      }
    }));
}

Deno.test("allocatedPasses() calibrate maps of GPTQ on what those before them give with their own bits", () =>
  withModel("llama", async (model) => {
    const allocation = allocationOf(model, (place) => place === 0 ? 2 : 8);
    const found = await layersWith(model, methods.gptq4.with({ weights: { allocation } }));
    const [two, eight] = await Promise.all(
      [2, 8].map((bits) => layersWith(model, methods.gptq4.with({ weights: { bits } }))),
    );
    assertEquals(found[0].query, two[0].query);
    assertEquals([found[0].key, found[0].value], [eight[0].key, eight[0].value]);
    for (const later of ["output", "down"] as LinearName[]) {
      assert(!equal(found[0][later], eight[0][later]), later);
    }
  }));

Deno.test("allocatedPasses() quantize activations as without an allocation, and can run in integers", () =>
  withModel("opt-pre", async (model) => {
    const allocation = allocationOf(model, (place) => [2, 4, 8, 4][place % 4]);
    const method = methods["agileq-8"].with({ weights: { allocation } });
    const passes = method.passes(model.architecture);
    const plain = methods["agileq-8"].passes(model.architecture);
    assertEquals(passes.at(-1)!.settings, plain.at(-1)!.settings);
    assertEquals(passes.length, plain.length);
    const execute = "integer" as const;
    const { forward } = await prepareModel(model, method, calibrationOf(windows), { execute });
    assertEquals(forward.steps?.length, model.architecture.layers);
  }));

Deno.test("allocatedBits() and the label name the fewest and the most bits", () =>
  withModel("llama", (model) => {
    const labelOf = (method: ConfiguredMethod, bits: (place: number) => number) =>
      method.with({ weights: { allocation: allocationOf(model, bits) } }).label;
    assertEquals(labelOf(methods.rtn4, (place) => place === 3 ? 6 : 3).weight, "INT3-6 mixed");
    assertEquals(labelOf(methods.rtn4, () => 3).weight, "INT3");
    const bitmod = labelOf(methods.bitmod4, (place) => place % 2 ? 4 : 3);
    assertEquals(bitmod, { weight: "FP3-4 mixed", activation: "FP16" });
  }));

Deno.test("requireAllocation() and requireBitsByLayer() refuse what is no allocation of the model", () =>
  withModel("llama", async (model) => {
    const allocation = allocationOf(model, () => 4);
    const refused: [unknown, string][] = [
      [
        "4",
        'change the settings of RTN: an allocation must be a list of the bits in each layer, got "4"',
      ],
      [
        [],
        "change the settings of RTN: an allocation must be a list of the bits in each layer, got []",
      ],
      [
        [{ query: "4" }],
        "change the settings of RTN: an allocation must be a list of the bits in each layer, got " +
        '[{"query":"4"}]',
      ],
      [allocation.slice(1), "quantize with RTN: the allocation must be of 3 layers, got 2"],
      [
        allocation.with(1, { ...allocation[1], gate: 7 }),
        "quantize with RTN: bits of gate of layer 1 must be 2, 3, 4, 5, 6, 8, got 7",
      ],
      [
        allocation.with(2, { query: 4 }),
        "quantize with RTN: bits of key of layer 2 must be 2, 3, 4, 5, 6, 8, got null",
      ],
      [
        allocation.with(0, { ...allocation[0], head: 4 } as BitAllocation[number]),
        "quantize with RTN: the linear maps of layer 0 are query, key, value, output, gate, up, down, " +
        'got "head"',
      ],
    ];
    for (const [given, message] of refused) {
      const weights = { allocation: given };
      await assertRejects(
        async () => await layersWith(model, methods.rtn4.with({ weights })),
        InputError,
        `Cannot ${message}`,
      );
    }
    const none =
      "Cannot change the settings of AWQ: those of weights are bits, groupSize, scaleDtype";
    assertThrows(() => methods.awq4.with({ weights: { allocation } }), InputError, none);
  }));
