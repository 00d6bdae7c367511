import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import {
  agileQ4,
  agileQ48,
  agileQ8,
  calibrateActivations,
  calibrateMethod,
  hookByImportance,
  mapByImportance,
  type Method,
  methods,
  quantizedForward,
  schemeForward,
  takeRows,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  chainHooks,
  extend,
  forward,
  type LowerTokens,
  startCache,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import golden from "../golden/methods/agileq48.json" with { type: "json" };

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const laterSites = ["attn.output", "mlp.input", "mlp.hidden"];

Deno.test("mapByImportance() gives rows in their order, each from its own map", async () => {
  await withModel("llama", () => {
    tidy(() => {
      const value = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]);
      const mapped = mapByImportance(
        value,
        Int32Array.of(1, 2),
        (rows) => tf.mul(rows, -1),
        (rows) => tf.mul(rows, 10),
      );
      assertEquals(Array.from(tensorData(mapped)), [10, 20, -3, -4, -5, -6, 70, 80]);
      const untouched = mapByImportance(value, new Int32Array(), () => tf.zeros([0, 2]), (x) => x);
      assertEquals(untouched, value);
    });
  });
});

for (const name of tinyModels) {
  Deno.test(`schemeForward() of AgileQ-4/8 gives each token the codes of its importance: ${name}`, () =>
    withModel(name, ({ architecture, ...model }) => {
      const subject = { architecture, ...model };
      const scheme = agileQ48("paper", architecture, 0.5);
      const params = calibrateActivations(subject, windows, scheme);
      const lower = calibrateActivations(subject, windows, { ...agileQ4("paper", architecture) });
      for (const prune of [undefined, pruning]) {
        const { hook, lower: lowerTokens, probabilities } = schemeForward({
          scheme,
          params,
          lower,
        });
        const [others, least] = [
          schemeForward({ scheme: agileQ8("paper", architecture), params }).hook!,
          schemeForward({ scheme: agileQ4("paper", architecture), params: lower }).hook!,
        ];
        let mixed = 0;
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
            if (isLow && four[i] !== eight[i]) mixed++;
          });
          return actual;
        };
        const options = {
          hook: atSites(hook!.sites!, compare),
          ...{ lower: lowerTokens, probabilities, pruning: prune },
        };
        tidy(() => void forward(subject, windows[0], options));
        assert(mixed > 0);
      }
    }));
}

for (const prune of [undefined, pruning]) {
  const how = prune ? "pruned" : "whole";
  Deno.test(`calibrateActivations() looks at the chosen tokens alone, profile paper, ${how}`, () =>
    withModel("llama", (model) => {
      const lower = agileQ48("paper", model.architecture, [0.5, 0.2, 0.1], true).lower!;
      const seen = model.weights.layers.map((): number[] => []);
      const hook = atSites(["attn.output"], (value, { layer, lower }) => {
        seen[layer].push(...tensorData(takeRows(value as tf.Tensor2D, lower!)));
        return value;
      });
      for (const window of windows) {
        tidy(() => void forward(model, window, { hook, lower, pruning: prune }));
      }
      const scheme = { profile: "paper", sites: lower.sites } as const;
      const params = calibrateActivations(model, windows, scheme, { pruning: prune, lower });
      params.forEach((sites, layer) => {
        assertEquals(Object.keys(sites).sort(), [...laterSites].sort());
        const values = seen[layer];
        const { scale, codeMin, codeMax } = sites["attn.output"]!;
        assertEquals(codeMax - codeMin, 15);
        const range = Math.fround(Math.max(...values, 0)) - Math.fround(Math.min(...values, 0));
        assertEquals(scale, Float32Array.of(Math.fround(range) / 15));
      });
    }));
}

Deno.test("calibrateActivations() looks at all tokens where none is chosen", () =>
  withModel("llama", (model) => {
    const lower = agileQ48("paper", model.architecture, [0.5, 0, 0.01]).lower!;
    const scheme = { profile: "paper", sites: lower.sites } as const;
    const all = calibrateActivations(model, windows, scheme);
    const these = calibrateActivations(model, windows, scheme, { lower });
    assertEquals(these.slice(1), all.slice(1));
    assertNotEquals(these[0], all[0]);
  }));

for (const profile of ["paper", "released"] as const) {
  Deno.test(`calibrateMethod() of AgileQ-4/8 calibrates four bits on the tokens of profile ${profile}`, () =>
    withModel("bloom", (model) => {
      const calibration = () => ({ weightWindows: [], activationWindows: windows });
      const { lower, scheme } = calibrateMethod(model, methods["agileq-4/8"], profile, calibration);
      const { sites, ...tokens } = scheme.lower!;
      const calibrated = (chosen?: LowerTokens) =>
        calibrateActivations(model, windows, { profile, sites }, { lower: chosen });
      const [all, these] = [calibrated(), calibrated(tokens)];
      assertNotEquals(all, these);
      assertEquals(lower, profile === "released" ? all : these);
    }));
}

const released = (seed: number) =>
  Int32Array.from({ length: 40 }, (_, i) => (17 * i * i + 31 * i * seed + 101 * seed) % 512);

for (const { name, lower, inherited, prune, ...expected } of golden.cases) {
  Deno.test(`quantizedForward() equals the released code: ${name}`, () =>
    withModel("llama", (model) => {
      const method: Method = {
        ...methods["fp16"],
        activations: (profile, architecture) => agileQ48(profile, architecture, lower, inherited),
      };
      const ratios = new Map(prune.map((ratio, layer) => [layer, ratio]));
      const pruning = { ratios, importance: "startToken", positions: "renumber" } as const;
      const activationWindows = golden.calibration.map(released);
      const calibration = () => ({ weightWindows: [], activationWindows });
      const options = quantizedForward(model, method, "released", calibration, { pruning });
      const told: number[][] = [];
      const look = atSites(["attn.output"], (value, { layer, lower }) => {
        told[layer] = [...lower!];
        return value;
      });
      const window = released(golden.window);
      const { loss, survived } = scoreWindow(model, window, {
        ...options,
        hook: chainHooks(options.hook!, look),
      });
      assertEquals(told, expected.lowered);
      const scored = [...survived.keys()].filter((position) => survived[position]);
      assertEquals(scored, expected.scored);
      // Where an activation lies between two codes, the rounding of a sum decides about its token.
      const off = scored.filter((position, i) =>
        Math.abs(loss[position] - expected.loss[i]) > 5e-6
      );
      assert(off.length <= 1, `the losses at ${off} differ`);
    }));
}

Deno.test("hookByImportance() leaves other sites to the others' hook", () => {
  const others = () => tf.scalar(2);
  const hook = hookByImportance(() => tf.scalar(1), others, { sites: {} });
  assertEquals(hook(tf.scalar(0), { site: "attn.output", layer: 0 }).dataSync()[0], 2);
});

Deno.test("quantizedForward() of AgileQ-4/8 refuses a cache, which has no scores", () =>
  withModel("llama", (model) => {
    const calibration = () => ({ weightWindows: windows, activationWindows: windows });
    const { hook } = quantizedForward(model, methods["agileq-4/8"], "paper", calibration);
    assertThrows(
      () => extend(model, startCache(model), windows[0], { hook }),
      InputError,
      "Cannot quantize tokens by importance: the forward pass must score them, without a cache",
    );
  }));
