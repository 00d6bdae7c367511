import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import type { Profile } from "../../lib/format/mod.ts";
import {
  type ActivationScheme,
  agileQ8,
  calibrateActivations,
  methods,
  quantizeActivations,
  quantizingHook,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  chainHooks,
  disposeModel,
  extend,
  forward,
  initializeModel,
  type Model,
  type Pruning,
  type SiteHook,
  type SiteName,
  startCache,
  type Visit,
} from "../../lib/model/mod.ts";
import { dequantizeUniform, quantizeUniform, searchTrip } from "../../lib/quant/mod.ts";
import { tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { copyLayers, pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const profiles: Profile[] = ["paper", "released"];

/** Runs a test on each tiny model and on one whose four query heads share two key/value heads. */
const subjects: [name: string, run: (test: (model: Model) => void) => Promise<void>][] = [
  ...tinyModels.map((name): typeof subjects[number] => [name, (test) => withModel(name, test)]),
  ["grouped queries", (test) =>
    withModel("llama", async ({ architecture }) => {
      const grouped = { ...architecture, layers: 2, keyValueHeads: 2 };
      const model = await initializeModel("grouped", grouped, 1);
      test(model);
      disposeModel(model);
    })],
];

/** The value of every site and layer, window by window, in floating point. */
function activations(model: Model, prune?: Pruning): Map<string, Float32Array[]> {
  const values = new Map<string, Float32Array[]>();
  const hook = (value: tf.Tensor, { site, layer }: Visit) => {
    const key = `${layer} ${site}`;
    values.set(key, [...values.get(key) ?? [], value.dataSync<"float32">().slice()]);
    return value;
  };
  for (const window of windows) {
    const { hidden, exits } = forward(model, window, { hook, pruning: prune });
    tf.dispose([hidden, ...exits.map((exit) => exit.hidden)]);
  }
  return values;
}

/** Least and greatest value of each group of channels: element i belongs to `groupOf(i % width)`. */
function extremes(parts: Float32Array[], width: number, groups: number) {
  const min = new Array<number>(groups).fill(Infinity);
  const max = new Array<number>(groups).fill(-Infinity);
  for (const part of parts) {
    part.forEach((value, i) => {
      const group = Math.floor((i % width) / (width / groups));
      min[group] = Math.min(min[group], value);
      max[group] = Math.max(max[group], value);
    });
  }
  return { min, max };
}

/** How wide a site is, and over how many heads. */
function widthOf({ architecture: a }: Model, site: SiteName): { width: number; heads: number } {
  const keyOrValue = ["attn.k", "attn.v", "attn.kBeforeRotary"].includes(site);
  const heads = keyOrValue ? a.keyValueHeads : a.heads;
  const width = site === "mlp.hidden"
    ? a.intermediateSize
    : site === "attn.input" || site === "mlp.input"
    ? a.hiddenSize
    : heads * a.headDim;
  return { width, heads };
}

for (const [name, run] of subjects) {
  Deno.test(`calibrateActivations() takes ranges over all windows, profile paper: ${name}`, () =>
    run((model) => {
      const params = calibrateActivations(model, windows, agileQ8("paper", model.architecture));
      const seen = activations(model);
      assertEquals(params.length, model.architecture.layers);
      params.forEach((sites, layer) => {
        assertEquals(Object.keys(sites).sort(), [
          "attn.input",
          "attn.k",
          "attn.output",
          "attn.q",
          "attn.v",
          "mlp.hidden",
          "mlp.input",
        ]);
        for (const [site, found] of Object.entries(sites)) {
          const { width } = widthOf(model, site as SiteName);
          const { min: [min], max: [max] } = extremes(seen.get(`${layer} ${site}`)!, width, 1);
          const whole = Math.fround(
            Math.fround(Math.fround(Math.max(max, 0)) - Math.min(min, 0)) / 255,
          );
          assertEquals([found.bits, found.codeMin, found.codeMax], [8, 0, 255]);
          if (site === "attn.output") {
            assertEquals(found.scale, Float32Array.of(whole));
            continue;
          }
          assertEquals(found.scale.length, width);
          for (const scale of found.scale) {
            assert([1, 2, 4, 8].includes(whole / scale), `${site}: ${scale} of ${whole}`);
          }
          assertEquals(new Set(found.zeroPoint).size, 1);
        }
      });
    }));

  Deno.test(`calibrateActivations() takes ranges over all windows, profile released: ${name}`, () =>
    run((model) => {
      const params = calibrateActivations(model, windows, agileQ8("released", model.architecture));
      const seen = activations(model);
      const suffix = model.architecture.positions.kind === "rotary" ? "BeforeRotary" : "";
      const perHead = [`attn.q${suffix}`, `attn.k${suffix}`, "attn.v"];
      params.forEach((sites, layer) => {
        const perChannel = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
        assertEquals(Object.keys(sites).sort(), [...perHead, ...perChannel].sort());
        for (const [site, found] of Object.entries(sites)) {
          const { width, heads } = widthOf(model, site as SiteName);
          const groups = perHead.includes(site) ? heads : width;
          const { min, max } = extremes(seen.get(`${layer} ${site}`)!, width, groups);
          const expected = min.map((least, i) => Math.max(-least, max[i]) / 127.5);
          assertEquals(
            found.scale,
            Float32Array.from(expected, (scale) => Math.max(scale, 2 ** -23)),
          );
          assertEquals(found.inner, width / groups);
          assertEquals(new Set(found.zeroPoint), new Set([0]));
          assertEquals([found.bits, found.codeMin, found.codeMax], [8, -128, 127]);
        }
      });
    }));
}

Deno.test("calibrateActivations() searches TRIP's alpha over the tokens of all windows", () =>
  withModel("llama", (model) => {
    const scheme: ActivationScheme = {
      profile: "paper",
      sites: { "mlp.hidden": { kind: "trip", bits: 6, K: 4 } },
    };
    const params = calibrateActivations(model, windows, scheme);
    const parts = activations(model).get("1 mlp.hidden")!;
    const whole = Float32Array.from(parts.flatMap((part) => [...part]));
    const options = { channels: model.architecture.intermediateSize, bits: 6, K: 4 };
    assertEquals(params[1]["mlp.hidden"]!, searchTrip(whole, options));
    const last = searchTrip(parts[2], options);
    assert(last.scale.some((scale, i) => scale !== params[1]["mlp.hidden"]!.scale[i]));
    const reversed = calibrateActivations(model, windows.toReversed(), scheme);
    assertEquals(reversed[1]["mlp.hidden"]!.scale, params[1]["mlp.hidden"]!.scale);
  }));

Deno.test("calibrateActivations() sees the survivors alone once tokens are pruned", () =>
  withModel("opt-pre", async (model) => {
    await useBackend("agile", { native: false }); // what looks at maps changes no bit there
    const scheme = agileQ8("released", model.architecture);
    const params = calibrateActivations(model, windows, scheme, { pruning });
    const seen = activations(model, pruning);
    assertEquals(seen.get("0 attn.output")![0].length, 24 * 64);
    assertEquals(seen.get("0 mlp.input")![0].length, 12 * 64);
    assertEquals(seen.get("1 mlp.input")![0].length, 8 * 64);
    for (
      const key of ["0 attn.output", "0 mlp.input", "1 attn.input", "1 mlp.input", "2 attn.output"]
    ) {
      const [layer, site] = key.split(" ") as [string, SiteName];
      const { min, max } = extremes(seen.get(key)!, 64, 64);
      const expected = min.map((least, i) => Math.max(-least, max[i]) / 127.5);
      assertEquals(params[Number(layer)][site]!.scale, Float32Array.from(expected));
    }
    const dense = calibrateActivations(model, windows, scheme);
    assertEquals(params[0]["attn.output"], dense[0]["attn.output"]);
    const narrower = params[0]["mlp.input"]!.scale.map((scale, i) =>
      scale - dense[0]["mlp.input"]!.scale[i]
    );
    assert(Math.max(...narrower) <= 0 && Math.min(...narrower) < 0);
    await useBackend("agile");
  }));

for (const profile of profiles) {
  for (const [name, run] of subjects) {
    Deno.test(`quantizeActivations() is quantization and back at every site: ${name}, ${profile}`, () =>
      run((model) => {
        const scheme = agileQ8(profile, model.architecture);
        const params = calibrateActivations(model, windows, scheme);
        const { hook: quantize, probabilities } = quantizeActivations(scheme, params);
        assertEquals(probabilities, { bits: 4, profile: "released", maximum: 1 });
        const met = new Set<SiteName>();
        const check = (value: tf.Tensor, visit: Visit) => {
          const { site, layer } = visit;
          const output = quantize!(value, visit);
          met.add(site);
          const own = params[layer][site]!;
          const { codes } = quantizeUniform(value.dataSync<"float32">(), own);
          assertEquals(output.shape, value.shape);
          assertEquals(output.dataSync(), dequantizeUniform(codes, own));
          assert(output !== value);
          return output;
        };
        const hook = atSites(quantize!.sites!, check);
        tf.dispose(forward(model, windows[1], { hook, probabilities }).hidden);
        assertEquals([...met, "attn.probs"].sort(), Object.keys(scheme.sites).sort());
      }));
  }
}

Deno.test("quantizeActivations() leaves the value it is given as it was", () =>
  withModel("llama", (model) => {
    const scheme = agileQ8("paper", model.architecture);
    const params = calibrateActivations(model, windows, scheme);
    const { hook: quantize } = quantizeActivations(scheme, params);
    const value = tf.randomNormal([5, 64], 0, 3, "float32", 1);
    const before = value.dataSync().slice();
    const output = quantize!(value, { site: "attn.input", layer: 0 });
    assertEquals(value.dataSync(), before);
    tf.dispose([value, output]);
  }));

for (const method of [methods["agileq-8"], methods["agileq-8-eq3"]]) {
  Deno.test(`quantizingHook() of ${method.title} gives what quantizeActivations() gives`, async () => {
    await useBackend("agile", { native: false });
    for (const name of tinyModels) {
      await withModel(name, (model) => {
        const scheme = method.activations("paper", model.architecture);
        const params = calibrateActivations(model, windows, scheme);
        tidy(() => {
          const { hidden } = forward(model, windows[0], quantizeActivations(scheme, params));
          const hook = quantizingHook(scheme, params);
          assertEquals(forward(model, windows[0], { hook }).hidden.dataSync(), hidden.dataSync());
        });
      });
    }
    await useBackend("agile");
  });
}

Deno.test("quantizeActivations() quantizes attention maps uniformly, if asked to, where they exist", () =>
  withModel("bloom", (model) => {
    const quantizer = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;
    const scheme: ActivationScheme = { profile: "paper", sites: { "attn.probs": quantizer } };
    const params = calibrateActivations(model, windows, scheme);
    const { hook, probabilities } = quantizeActivations(scheme, params);
    assertEquals(probabilities, undefined);
    const levels = new Set<number>();
    const watch: SiteHook = (value) => {
      for (const probability of value.dataSync()) levels.add(probability);
      return value;
    };
    const both = chainHooks(hook!, atSites(["attn.probs"], watch));
    tf.dispose(forward(model, windows[0], { hook: both }).hidden);
    assert(levels.size > 100 && levels.size <= 256 * params.length, `${levels.size} levels`);
  }));

for (const method of [methods["agileq-8"], methods["agileq-8-eq3"]]) {
  Deno.test(`quantizeActivations() of ${method.title} is the same token by token`, async () => {
    await useBackend("agile", { native: false });
    for (const name of tinyModels) {
      await withModel(name, (model) => {
        const scheme = method.activations("paper", model.architecture);
        const options = quantizeActivations(scheme, calibrateActivations(model, windows, scheme));
        tidy(() => {
          const whole = forward(model, windows[0], options).hidden;
          let cache = startCache(model);
          const rows = [...windows[0]].map((id) => {
            const next = extend(model, cache, Int32Array.of(id), options);
            cache = next.cache;
            return next.hidden;
          });
          assertEquals(tf.concat(rows).dataSync(), whole.dataSync());
        });
      });
    }
    await useBackend("agile");
  });
}

Deno.test("calibrateActivations() refuses no windows and sites that the model has not", () =>
  withModel("opt-pre", (model) => {
    const scheme = agileQ8("paper", model.architecture);
    assertThrows(
      () => calibrateActivations(model, [], scheme),
      InputError,
      "Cannot calibrate opt-pre: there must be at least one calibration window",
    );
    const quantizer = { kind: "trip", bits: 8, K: 3 } as const;
    assertThrows(
      () =>
        calibrateActivations(model, windows, {
          profile: "paper",
          sites: { "attn.qBeforeRotary": quantizer },
        }),
      InputError,
      "Cannot calibrate opt-pre: its blocks must have attn.qBeforeRotary",
    );
  }));

Deno.test("calibrateActivations() stops once its signal is aborted, and leaves nothing behind", () =>
  withModel("opt-pre", (model) => {
    const scheme = agileQ8("paper", model.architecture);
    const run = () =>
      calibrateActivations(
        model,
        windows,
        scheme,
        { signal: AbortSignal.abort() },
      );
    assertThrows(run, DOMException, "aborted");
  }));

Deno.test("calibrateActivations() and its hook name the site that is not finite", () =>
  withModel("llama", (model) => {
    const scheme = agileQ8("paper", model.architecture);
    const params = calibrateActivations(model, windows, scheme);
    const broken = copyLayers(model);
    const { up } = broken.weights.layers[1];
    broken.weights.layers[1].up = { ...up!, weight: tf.mul(up!.weight, Infinity) };
    const message = "Cannot quantize mlp.hidden of layer 1: element 0 must be finite";
    assertThrows(() => calibrateActivations(broken, windows, scheme), InputError, message);
    const options = quantizeActivations(scheme, params);
    assertThrows(() => forward(broken, windows[0], options), InputError, message);
    disposeModel(broken, model);
  }));
