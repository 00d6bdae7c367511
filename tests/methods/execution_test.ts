import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError, mean } from "../../lib/core/mod.ts";
import { AffineMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { generate } from "../../lib/generate/mod.ts";
import type { LinearMap } from "../../lib/linear/mod.ts";
import {
  calibrate,
  configure,
  type ConfiguredMethod,
  emulate,
  type Executed,
  executions,
  inIntegers,
  methodOf,
  methods,
  type Quantized,
  quantizingHook,
  requireExecution,
  rtnPass,
  type RtnSettings,
  runsInIntegers,
  type SiteFormat,
  sitePasses,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  blameNonFinite,
  type Block,
  forward,
  linearGroups,
  type Model,
  openBlock,
  openModel,
} from "../../lib/model/mod.ts";
import { multipliesBytesNatively, tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel, withModule } from "../eval/tiny_models.ts";
import { calibrationOf, everyMethod, layersOf, linearNames } from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(40, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: windows.slice(0, 2) });
const agileq8 = methods["agileq-8"];

/** Other weights than GPTQ's 4 bits. */
const nearest: RtnSettings = { bits: 8, groupSize: 32, symmetric: false, range: "minmax" };

const rtn8 = configure("RTN, 8 bits", {
  passes: ({ weights }: { weights: RtnSettings }, architecture) => [
    rtnPass(weights),
    ...agileq8.passes(architecture).slice(4),
  ],
}, { weights: nearest });

function quantize(model: Model, { passes }: ConfiguredMethod): Promise<Quantized> {
  return calibrate(unquantized(model), passes(model.architecture), calibration);
}

/**
 * Runs a test on a model that a method quantized, with a native library where there is one and without.
 */
function withQuantized(
  name: typeof tinyModels[number],
  method: ConfiguredMethod,
  test: (quantized: Quantized) => Promise<void>,
): Promise<void> {
  return withModel(name, async (model) => {
    for (const native of [false, true]) {
      await useBackend("agile", { native });
      await test(await quantize(model, method));
    }
  });
}

/** The largest difference, relative to the largest magnitude. */
function difference(actual: tf.Tensor, expected: tf.Tensor): number {
  const [values, others] = [tensorData(actual), tensorData(expected)];
  const largest = others.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - others[i])), 0) /
    largest;
}

/** Mean loss of a window. */
async function lossOf({ model, forward }: Executed): Promise<number> {
  const [{ loss }] = await scoreWindows(model, [randomIds(40, 9)], forward);
  return mean(loss);
}

const firstApart = agileq8.with({ activations: { firstToken: "apart" } });

const cases: [string, ConfiguredMethod][] = [
  ["GPTQ, 4 bits", agileq8],
  ["RTN, 8 bits", rtn8],
  ["AgileQ-4", methods["agileq-4"]],
  ["AgileQ-4/8", methods["agileq-4/8"]],
  ["AgileQ-8, first token apart", firstApart],
];

for (const name of tinyModels) {
  for (const [title, method] of cases) {
    Deno.test(`inIntegers() computes every linear map within 2e-6: ${name}, ${title}`, () =>
      withQuantized(name, method, async (quantized) => {
        const { architecture } = quantized.model;
        using integers = await openModel(inIntegers(quantized).model);
        using floats = await openModel(quantized.model);
        let visits = 0;
        const compared = floats.blocks.map((block): Block => ({
          ...block,
          maps: Object.fromEntries(
            Object.entries(block.maps).map(([name, map]): [string, LinearMap] => {
              const own = integers.blocks[block.layer].maps[name as keyof Block["maps"]]!;
              // The hook has quantized the value already, which the map does once more: to itself.
              return [name, {
                ...map,
                apply(value, options) {
                  const expected = map.apply(value, options);
                  const error = difference(own.apply(value, options), expected);
                  assert(error < 2e-6, `${name} of layer ${block.layer} is off by ${error}`);
                  visits++;
                  return expected;
                },
              }];
            }),
          ),
        }));
        const options = emulate(quantized).forward;
        tidy(() => void forward({ ...floats, blocks: compared }, windows[2], options));
        assertEquals(visits, architecture.layers * (name === "llama" ? 7 : 6));
      }));

    Deno.test(`inIntegers() gives the emulated loss within 1e-3: ${name}, ${title}`, () =>
      withQuantized(name, method, async (quantized) => {
        const start = { ...quantized, sites: quantized.sites.map(() => ({})) };
        const passes = method.passes(quantized.model.architecture).filter((pass) => pass.quantize);
        for (const prune of [undefined, pruning]) {
          const own = await calibrate(start, passes, calibration, { pruning: prune });
          const expected = await lossOf(emulate(own, prune));
          const actual = await lossOf(inIntegers(own, prune));
          assert(Math.abs(actual / expected - 1) < 1e-3, `${actual} instead of ${expected}`);
        }
      }));
  }
}

Deno.test("inIntegers() packs lanes where no native library multiplies", () =>
  withQuantized("opt-pre", methods["agileq-4"], async (quantized) => {
    using block = await openBlock(inIntegers(quantized).model, 0);
    const { up } = await quantized.model.source.layer(0);
    const { rows, columns } = up!.weight;
    const bytes = block.maps.up!.byteLength - 4 * rows; // of the bias
    assertEquals(bytes / (rows * columns) < 1, multipliesBytesNatively());
  }));

Deno.test("inIntegers() holds codes alone", () =>
  withQuantized("opt-pre", agileq8, async (quantized) => {
    const { model, forward: options } = inIntegers(quantized);
    for (const layer of await layersOf(model)) {
      for (const name of linearNames.filter((name) => layer[name])) {
        assert(layer[name]!.weight instanceof AffineMatrix);
      }
    }
    const before = tf.memory().numBytes;
    using block = await openBlock(model, 1);
    const held = Object.values(block.maps).reduce((sum, map) => sum + map.byteLength, 0);
    const layer = await model.source.layer(1);
    const weights = linearNames.reduce((sum, name) => {
      const { rows, columns } = layer[name]?.weight ?? { rows: 0, columns: 0 };
      return sum + rows * columns;
    }, 0);
    assert(held < 1.2 * weights, `${held / weights} bytes per weight`);
    assert(tf.memory().numBytes - before < 1.3 * weights);
    using open = await openModel(model);
    tidy(() => void forward(open, windows[2], options));
    await blameNonFinite("run", model, windows[2], options); // reads no codes as if they were numbers
  }));

Deno.test("inIntegers() leaves nothing behind when it refuses a later map", () =>
  withQuantized("llama", agileq8, async (quantized) => {
    const model = await withModule(quantized.model, 2, "down", ({ weight, bias }) => {
      const { rows, columns } = weight;
      const zeros = floatMatrix("F32", new Float32Array(rows * columns), rows, columns);
      return { weight: zeros, bias };
    });
    const before = tf.memory().numTensors;
    await assertRejects(
      () => openModel(inIntegers({ ...quantized, model }).model),
      InputError,
      "Cannot multiply down by mlp.hidden of layer 2 in integers: the weight must be quantized",
    );
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("inIntegers() leaves nothing behind when it refuses the grid of the least important tokens", () =>
  withModel("llama", async (model) => {
    const quantized = await quantize(model, methods["agileq-4/8"]);
    const sites = quantized.sites.map((quantizers) => {
      const { grid, lowerGrid, ...output } = quantizers["attn.output"]!;
      const scale = Float32Array.of(1, 3); // no powers of two
      const own = { ...lowerGrid!, scale, zeroPoint: new Int32Array(2) };
      return { ...quantizers, "attn.output": { ...output, grid, lowerGrid: own } };
    });
    const before = tf.memory().numTensors;
    await assertRejects(
      () => openModel(inIntegers({ ...quantized, sites }).model),
      InputError,
      "its steps must be one step times powers of two",
    );
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("inIntegers() refuses what has no integers to multiply", () =>
  withModel("llama", async (model) => {
    const refuses = (quantized: Quantized, message: string) =>
      assertRejects(() => openModel(inIntegers(quantized).model), InputError, message);
    const input = "Cannot multiply query by attn.input of layer 0 in integers: ";
    await refuses(unquantized(model), input + "the weight must be quantized");
    const rounded = await quantize(model, methods.rtn4);
    await refuses(rounded, input + "the input must have a uniform quantizer");
    const byte: SiteFormat = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" };
    const partly = sitePasses({ profile: "paper", sites: { "attn.input": byte } });
    await refuses(
      await calibrate(rounded, partly, calibration),
      "Cannot multiply output by attn.output of layer 0 in integers: " +
        "the input must have a uniform quantizer",
    );
    const released = agileq8.with({ activations: { profile: "released" } });
    await refuses(
      await quantize(model, released),
      "Cannot multiply attn.input of layer 0 in integers: its steps must be one step times powers",
    );
  }));

Deno.test("inIntegers() quantizes in its maps what they read, and by hooks what they do not", () =>
  withModel("llama", async (model) => {
    const quantized = await quantize(model, agileq8);
    const [integers, floats] = [inIntegers(quantized).forward, emulate(quantized).forward];
    assertEquals(integers.hook!.sites, ["attn.q", "attn.k", "attn.v"]);
    const inputs = linearGroups.map(({ reads }) => reads);
    assertEquals([...floats.hook!.sites!].sort(), [...integers.hook!.sites!, ...inputs].sort());
    assertEquals(integers.probabilities, floats.probabilities);
  }));

Deno.test("inIntegers() tells attention what its operands are multiples of, where they are", () =>
  withModel("llama", async (model) => {
    const { sites, ...others } = await quantize(model, agileq8);
    const perHead: SiteFormat = { kind: "uniform", bits: 8, signed: true, granularity: "head" };
    const passes = sitePasses({ profile: "paper", sites: { "attn.k": perHead } });
    const { sites: own } = await calibrate(unquantized(model), passes, calibration);
    const mixed = [sites[0], { ...sites[1], "attn.k": own[1]["attn.k"] }, {}];
    const { steps } = inIntegers({ ...others, sites: mixed }).forward;
    const [query, key, value] = (["attn.q", "attn.k", "attn.v"] as const)
      .map((site) => Math.min(...sites[0][site]!.grid!.scale));
    assertEquals(steps, [{ query, key, value }, undefined, undefined]);
    assertEquals(emulate({ ...others, sites }).forward.steps, undefined);
  }));

Deno.test("inIntegers() tells attention nothing of operands whose first token has steps of its own", () =>
  withModel("llama", async (model) => {
    const { steps } = inIntegers(await quantize(model, firstApart)).forward;
    assertEquals(steps, [undefined, undefined, undefined]);
  }));

Deno.test("emulate() rounds attention block by block where blocks round differently", () =>
  withModel("llama", async (model) => {
    const { sites, ...others } = await quantize(model, agileq8);
    const { "attn.probs": rounding, ...rest } = sites[1];
    const mixed = { ...others, sites: [sites[0], rest, sites[2]] };
    const { hook, probabilities } = emulate(mixed).forward;
    assertEquals(probabilities, undefined);
    assert(hook!.sites!.includes("attn.probs") && rounding);
    assert(!emulate({ ...others, sites }).forward.hook!.sites!.includes("attn.probs"));
    using open = await openModel(model);
    tidy(() => {
      const run = (chosen: Quantized["sites"]) =>
        tensorData(forward(open, windows[0], { hook: quantizingHook(chosen) }).hidden).slice();
      assertEquals(tensorData(forward(open, windows[0], { hook }).hidden), run(mixed.sites));
      assert(run(mixed.sites).some((value, i) => value !== run(sites)[i]));
    });
  }));

const uses: Record<string, (executed: Executed) => Promise<unknown>> = {
  "a window": ({ model, forward }) => scoreWindows(model, [windows[0]], forward),
  "a cache": async ({ model, forward }) => {
    using open = await openModel(model);
    return [...generate(open, randomIds(5, 3), { ...forward, temperature: 0, tokens: 2 })];
  },
};

async function refuses(work: () => unknown): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return true;
  }
}

for (const [name, method] of everyMethod) {
  Deno.test(`requireExecution() refuses of ${name} what a run would refuse, and nothing else`, () =>
    withModel("llama", async (model) => {
      const passes = method.passes(model.architecture);
      const own = calibrationOf(windows.slice(0, 2));
      const quantized = await calibrate(unquantized(model), passes, own);
      for (const execute of executions) {
        for (const [use, run] of Object.entries(uses)) {
          const cached = use === "a cache";
          const says = await refuses(() =>
            requireExecution(method, model.architecture, { execute, cached })
          );
          const made = execute === "integer" ? inIntegers(quantized) : emulate(quantized);
          assertEquals(says, await refuses(() => run(made)), `${execute}, ${use}`);
        }
      }
    }));
}

const released = { activations: { profile: "released" } };

for (
  const [method, use, message] of [
    [
      methodOf("agileq-4/8"),
      { execute: "emulate", cached: true },
      "Cannot generate with AgileQ-4/8: its quantizers must be the same for every token: " +
      "a cache knows no importance",
    ],
    [
      methodOf("kivi2"),
      { execute: "emulate", pruned: true },
      "Cannot prune with KIVI-2: its keys and values must not be in a cache, which knows no " +
      "importance of tokens",
    ],
    [
      methodOf("agileq-8").with(released),
      { execute: "integer" },
      "Cannot execute AgileQ-8 in integers: the tokens and channels of attn.input must share a " +
      "step, as in profile paper",
    ],
    [
      methodOf("agileq-8").with({ activations: { steps: "token" } }),
      { execute: "integer" },
      "Cannot execute AgileQ-8 in integers: the tokens and channels of attn.input must share a step",
    ],
    [
      methodOf("fp16"),
      { execute: "integer" },
      "Cannot execute FP16 in integers: it must leave weights as integer codes",
    ],
    [
      methodOf("rtn4"),
      { execute: "integer" },
      "Cannot execute RTN in integers: it must quantize activations",
    ],
  ] as const
) {
  Deno.test(`requireExecution() says why not: ${method.title}, ${JSON.stringify(use)}`, () =>
    withModel("opt-pre", ({ architecture }) => {
      assertThrows(() => requireExecution(method, architecture, use), InputError, message);
    }));
}

Deno.test("requireExecution() names the input that a method does not quantize", () =>
  withModel("opt-pre", ({ architecture }) => {
    const byte: SiteFormat = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" };
    const sites = { "attn.input": byte, "attn.output": byte };
    const partly = configure("Attention", {
      passes: () => [rtnPass(nearest), ...sitePasses({ profile: "paper", sites })],
    }, {});
    assertThrows(
      () => requireExecution(partly, architecture, { execute: "integer" }),
      InputError,
      "Cannot execute Attention in integers: it must quantize mlp.input",
    );
  }));

Deno.test("runsInIntegers() is whether requireExecution() allows that", () =>
  withModel("llama", ({ architecture }) => {
    const allowed = (name: keyof typeof methods) => runsInIntegers(methods[name], architecture);
    assertEquals((["agileq-8", "agileq-4"] as const).map(allowed), [true, true]);
    const others = [
      "fp16",
      "gptq4",
      "agileq-8-activations",
      "smoothquant",
      "zeroquant-fp-lorc",
    ] as const;
    assertEquals(others.map(allowed), others.map(() => false));
  }));

Deno.test("requireExecution() lets codes that are stored count where no pass rewrites them", () =>
  withModel("opt-pre", ({ architecture }) => {
    const use = { execute: "integer", storedCodes: true } as const;
    requireExecution(methodOf("agileq-8-activations"), architecture, use);
    const cases: [ConfiguredMethod, string][] = [
      [methodOf("fp16"), "it must quantize activations"],
      [
        configure("Floats", {
          passes: () => [
            { name: "floats", settings: null, rewrite: (layer) => ({ ...layer }) },
            ...methodOf("agileq-8-activations").passes(architecture),
          ],
        }, {}),
        "it must leave weights as integer codes",
      ],
    ];
    for (const [method, rule] of cases) {
      assertThrows(() => requireExecution(method, architecture, use), InputError, rule);
    }
  }));
