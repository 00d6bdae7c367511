import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix, type Profile } from "../../lib/format/mod.ts";
import {
  type AgileQActivations,
  agileQScheme,
  emulate,
  firstQuantizer,
  log2Quantizer,
  lowerQuantizer,
  type Quantized,
  quantizingHook,
  type SiteScheme,
  tokenQuantizer,
  uniformQuantizer,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  chainHooks,
  extend,
  forward,
  type Model,
  openModel,
  type SiteHook,
  type SiteName,
  startCache,
  type Visit,
} from "../../lib/model/mod.ts";
import {
  dequantizeUniform,
  fakeQuantizeLog2,
  observeRange,
  quantizeUniform,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel, withModule } from "../eval/tiny_models.ts";
import { quantizeSites } from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const profiles: Profile[] = ["paper", "released"];
const laterSites = ["attn.output", "mlp.input", "mlp.hidden"];

const eight: AgileQActivations = { bits: 8, profile: "paper" };
const readings: [string, AgileQActivations][] = [
  ["AgileQ-8", eight],
  ["AgileQ-8, eq. 3 as printed", { ...eight, softmax: "paper" }],
  ["first token apart", { ...eight, firstToken: "apart" }],
];

function quantize(model: Model, activations: AgileQActivations): Promise<Quantized> {
  return quantizeSites(model, agileQScheme(activations, model.architecture), windows);
}

/** A value and where it is met. */
function withValue(
  rows: number,
  columns: number,
  test: (value: tf.Tensor2D, visit: Visit) => void,
): Promise<void> {
  return withModel("llama", () =>
    tidy(() => {
      const value = tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 3, "float32", 1);
      test(value, { site: "mlp.input", layer: 1, window: 0 });
    }));
}

const range = { min: Float32Array.of(-2), max: Float32Array.of(3), inner: 1 };
const [grid8, grid4] = [8, 4].map((bits) => uniformGrid(range, { bits }));

Deno.test("uniformQuantizer() is quantization and back on its grid", () =>
  withValue(5, 64, (value, visit) => {
    const quantizer = uniformQuantizer(grid8);
    assert(quantizer.grid === grid8);
    const before = tensorData(value).slice();
    const output = quantizer.apply(value, visit);
    assertEquals(output.shape, value.shape);
    const { codes } = quantizeUniform(before, grid8);
    assertEquals(tensorData(output), dequantizeUniform(codes, grid8));
    assertEquals(tensorData(value), before);
  }));

Deno.test("tokenQuantizer() quantizes each token over its own range, as if it were alone", () =>
  withValue(5, 64, (value, visit) => {
    for (const profile of profiles) {
      const format = { bits: 6, profile, signed: profile === "released" };
      const quantizer = tokenQuantizer(format);
      assertEquals(quantizer.grid, undefined);
      const output = quantizer.apply(value, visit);
      assertEquals(output.shape, value.shape);
      for (let row = 0; row < 5; row++) {
        const token = tensorData(value).slice(64 * row, 64 * (row + 1));
        const range = observeRange(token, { channels: 64, granularity: "tensor" });
        const { codes, params } = quantizeUniform(token, uniformGrid(range, format));
        const expected = dequantizeUniform(codes, params);
        assertEquals(tensorData(output).slice(64 * row, 64 * (row + 1)), expected);
      }
    }
    const strange = tf.tensor2d([1, NaN], [1, 2]);
    assertThrows(
      () => tokenQuantizer({ bits: 8 }).apply(strange, visit),
      InputError,
      "Cannot quantize mlp.input of layer 1: ",
    );
  }));

Deno.test("log2Quantizer() takes the maximum of a value, but 1 for that of attention maps", () =>
  withValue(5, 8, (value, visit) => {
    const probabilities = tf.mul(tf.softmax(value), 0.5);
    const values = tensorData(probabilities).slice();
    const settings = { bits: 4, profile: "released" } as const;
    for (const [site, maximum] of [["mlp.input", undefined], ["attn.probs", 1]] as const) {
      const quantizer = log2Quantizer(site, settings);
      assertEquals(quantizer.rounding, maximum && { ...settings, maximum });
      const output = tensorData(quantizer.apply(probabilities, { ...visit, site }));
      assertEquals(output, fakeQuantizeLog2(values, { ...settings, maximum }));
    }
  }));

Deno.test("lowerQuantizer() gives each token the codes of its importance", () =>
  withValue(4, 8, (value, visit) => {
    const [least, others] = [uniformQuantizer(grid4), uniformQuantizer(grid8)];
    const split = lowerQuantizer(least, others);
    assert(split.grid === grid8 && split.lowerGrid === grid4);
    const [low, high] = [least, others].map((each) => tensorData(each.apply(value, visit)));
    const output = tensorData(split.apply(value, { ...visit, lower: Int32Array.of(1, 2) }));
    output.forEach((element, i) => {
      assertEquals(element, ([1, 2].includes(Math.floor(i / 8)) ? low : high)[i]);
    });
    assert(low.some((element, i) => element !== high[i]));
    assertThrows(
      () => split.apply(value, visit),
      InputError,
      "Cannot quantize tokens by importance: the forward pass must score them, without a cache",
    );
  }));

Deno.test("firstQuantizer() gives the first tokens of windows codes of their own, where there are some", () =>
  withValue(4, 64, (value, visit) => {
    const [first, others] = [uniformQuantizer(grid4), uniformQuantizer(grid8)];
    const split = firstQuantizer(first, others);
    assert(split.grid === grid8 && split.firstGrid === grid4);
    const [own, rest] = [first, others].map((each) => tensorData(each.apply(value, visit)));
    const output = tensorData(split.apply(value, { ...visit, first: Int32Array.of(0, 2) }));
    output.forEach((element, i) => {
      assertEquals(element, ([0, 2].includes(Math.floor(i / 64)) ? own : rest)[i]);
    });
    assertEquals(tensorData(split.apply(value, visit)), rest);
  }));

Deno.test("quantizingHook() is called where there are quantizers, and leaves other blocks alone", () =>
  withValue(4, 8, (value, visit) => {
    const quantizer = uniformQuantizer(grid8);
    const layers = [{ "mlp.hidden": quantizer }, {}, { "mlp.input": quantizer }];
    const hook = quantizingHook(layers);
    assertEquals(hook.sites, ["mlp.input", "mlp.hidden"]);
    assert(hook(value, visit) === value);
    const expected = tensorData(quantizer.apply(value, visit));
    assertEquals(tensorData(hook(value, { ...visit, layer: 2 })), expected);
    const chosen = quantizingHook(layers, (site) => site === "mlp.hidden");
    assertEquals(chosen.sites, ["mlp.hidden"]);
  }));

for (const profile of profiles) {
  for (const name of tinyModels) {
    Deno.test(`uniformQuantizer() is met at every site of figure 3: ${name}, ${profile}`, () =>
      withModel(name, async (model) => {
        const scheme = agileQScheme({ ...eight, profile }, model.architecture);
        const quantized = await quantizeSites(model, scheme, windows);
        const { hook: quantizing, probabilities } = emulate(quantized).forward;
        assertEquals(probabilities, { bits: 4, profile: "released", maximum: 1 });
        const met = new Set<SiteName>();
        const check = (value: tf.Tensor, visit: Visit) => {
          const { site, layer } = visit;
          const output = quantizing!(value, visit);
          met.add(site);
          const { grid } = quantized.sites[layer][site]!;
          const { codes } = quantizeUniform(tensorData(value), grid!);
          assertEquals(output.shape, value.shape);
          assertEquals(tensorData(output), dequantizeUniform(codes, grid!));
          assert(output !== value);
          return output;
        };
        const hook = atSites(quantizing!.sites!, check);
        using open = await openModel(model);
        tidy(() => void forward(open, windows[1], { hook, probabilities }));
        assertEquals([...met, "attn.probs"].sort(), Object.keys(scheme.sites).sort());
      }));
  }
}

for (const [title, activations] of readings) {
  Deno.test(`quantizingHook() of ${title} gives what attention that rounds by itself gives`, async () => {
    await useBackend("agile", { native: false });
    for (const name of tinyModels) {
      await withModel(name, async (model) => {
        const quantized = await quantize(model, activations);
        using open = await openModel(model);
        tidy(() => {
          const { hidden } = forward(open, windows[0], emulate(quantized).forward);
          const hook = quantizingHook(quantized.sites);
          assert(hook.sites!.includes("attn.probs"));
          const byMaps = forward(open, windows[0], { hook }).hidden;
          assertEquals(tensorData(byMaps), tensorData(hidden));
        });
      });
    }
    await useBackend("agile");
  });
}

Deno.test("quantizingHook() quantizes attention maps uniformly, if asked to, where they exist", () =>
  withModel("bloom", async (model) => {
    const format = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;
    const scheme: SiteScheme = { profile: "paper", sites: { "attn.probs": format } };
    const { hook, probabilities } = emulate(await quantizeSites(model, scheme, windows)).forward;
    assertEquals(probabilities, undefined);
    const levels = new Set<number>();
    const watch: SiteHook = (value) => {
      for (const probability of tensorData(value)) levels.add(probability);
      return value;
    };
    const both = chainHooks(hook!, atSites(["attn.probs"], watch));
    using open = await openModel(model);
    tidy(() => void forward(open, windows[0], { hook: both }));
    assert(levels.size > 100 && levels.size <= 256 * 3, `${levels.size} levels`);
  }));

for (const [title, activations] of readings) {
  Deno.test(`quantizingHook() of ${title} is the same token by token`, async () => {
    await useBackend("agile", { native: false });
    for (const name of tinyModels) {
      await withModel(name, async (model) => {
        const options = emulate(await quantize(model, activations)).forward;
        using open = await openModel(model);
        tidy(() => {
          const whole = forward(open, windows[0], options).hidden;
          let cache = startCache(model);
          const rows = [...windows[0]].map((id) => {
            const next = extend(open, cache, Int32Array.of(id), options);
            cache = next.cache;
            return next.hidden;
          });
          assertEquals(tensorData(tf.concat(rows)), tensorData(whole));
        });
      });
    }
    await useBackend("agile");
  });
}

for (const name of tinyModels) {
  Deno.test(`lowerQuantizer() in AgileQ-4/8 gives each token the codes of its importance: ${name}`, () =>
    withModel(name, async (model) => {
      const lower = { share: 0.5, inherited: false };
      const mixed = await quantize(model, { ...eight, lower });
      const [others, least] = [
        quantizingHook((await quantize(model, eight)).sites),
        quantizingHook(mixed.sites.map((quantizers, layer) => ({
          ...quantizers,
          ...Object.fromEntries(laterSites.map((site) => {
            const { lowerGrid } = mixed.sites[layer][site as SiteName]!;
            return [site, uniformQuantizer(lowerGrid!)];
          })),
        }))),
      ];
      using open = await openModel(model);
      for (const prune of [undefined, pruning]) {
        const { hook, ...options } = emulate(mixed, prune).forward;
        assertEquals(options.lower, lower);
        let split = 0;
        const compare = (value: tf.Tensor, visit: Visit) => {
          const actual = hook!(value, visit);
          const isLater = laterSites.includes(visit.site);
          assertEquals(visit.lower !== undefined, isLater);
          const channels = value.shape.at(-1)!;
          const low = visit.lower ?? new Int32Array();
          const [all, four, eight] = [actual, least(value, visit), others(value, visit)]
            .map((tensor) => tensorData(tensor));
          all.forEach((element, i) => {
            const isLow = isLater && low.includes(Math.floor(i / channels));
            assert(element === (isLow ? four : eight)[i]);
            if (isLow && four[i] !== eight[i]) split++;
          });
          return actual;
        };
        const watching = { ...options, hook: atSites(hook!.sites!, compare) };
        tidy(() => void forward(open, windows[0], watching));
        assert(split > 0);
      }
    }));
}

Deno.test("lowerQuantizer() refuses a cache, which has no scores", () =>
  withModel("llama", async (model) => {
    const lower = { share: 0.5, inherited: false };
    const { hook } = emulate(await quantize(model, { ...eight, lower })).forward;
    using open = await openModel(model);
    assertThrows(
      () => extend(open, startCache(model), windows[0], { hook }),
      InputError,
      "Cannot quantize tokens by importance: the forward pass must score them, without a cache",
    );
  }));

Deno.test("uniformQuantizer() names the site that is not finite", () =>
  withModel("llama", async (model) => {
    const broken = await withModule(model, 1, "up", ({ weight }) => {
      const values = decodeMatrix(weight).map((value) => value * Infinity);
      return { weight: floatMatrix("F32", values, weight.rows, weight.columns) };
    });
    const { forward: options } = emulate(await quantize(model, eight));
    using open = await openModel(broken);
    assertThrows(
      () => forward(open, windows[0], options),
      InputError,
      "Cannot quantize mlp.hidden of layer 1: element 0 must be finite",
    );
  }));
