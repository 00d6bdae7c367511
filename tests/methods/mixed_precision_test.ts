import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  agileQ4,
  agileQ48,
  agileQ8,
  calibrateActivations,
  hookByImportance,
  leastImportant,
  mapByImportance,
  methods,
  quantizedForward,
  schemeForward,
} from "../../lib/methods/mod.ts";
import { atSites, extend, forward, startCache, type Visit } from "../../lib/model/mod.ts";
import type { Profile } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { lowPrecisionTokens } from "../../lib/tokens/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const laterSites = ["attn.output", "mlp.input", "mlp.hidden"];

Deno.test("leastImportant() takes the lowest scores, but never the first token's", () => {
  const scores = Float32Array.of(0, 4, 1, 3, 2);
  assertEquals(leastImportant(scores, 0.4), Int32Array.of(2, 4));
  assertEquals(leastImportant(scores, 0.39), Int32Array.of(2));
  assertEquals(leastImportant(scores, 0), new Int32Array());
  assertThrows(
    () => leastImportant(undefined, 0.4),
    InputError,
    "Cannot quantize tokens by importance: the forward pass must score them, without a cache",
  );
});

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
        const { hook, importance, probabilities } = schemeForward({ scheme, params, lower });
        const [others, least] = [
          schemeForward({ scheme: agileQ8("paper", architecture), params }).hook!,
          schemeForward({ scheme: agileQ4("paper", architecture), params: lower }).hook!,
        ];
        let mixed = 0;
        const compare = (value: tf.Tensor, visit: Visit) => {
          const actual = hook!(value, visit);
          const isLater = laterSites.includes(visit.site);
          assertEquals(visit.importance !== undefined, isLater);
          const [rows, channels] = [value.shape[0], value.shape.at(-1)!];
          const low = isLater
            ? lowPrecisionTokens(visit.importance!, { prune: 0, lower: 0.5 })
            : new Int32Array();
          if (isLater) assertEquals([visit.importance!.length, low.length], [rows, rows >> 1]);
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
          ...{ importance, probabilities, pruning: prune },
        };
        tidy(() => void forward(subject, windows[0], options));
        assert(mixed > 0);
      }
    }));
}

for (const profile of ["paper", "released"] as Profile[]) {
  Deno.test(`calibrateActivations() looks at the least important tokens alone, profile ${profile}`, () =>
    withModel("llama", (model) => {
      const { lower } = agileQ48(profile, model.architecture, 0.5);
      const seen = new Map<string, number[]>();
      const hook = (value: tf.Tensor, { site, layer, importance }: Visit) => {
        if (site !== "attn.output") return value;
        const low = lowPrecisionTokens(importance!, { prune: 0, lower: 0.5 });
        const rows = tf.gather(value, tf.tensor1d(low, "int32"));
        seen.set(`${layer}`, [...seen.get(`${layer}`) ?? [], ...tensorData(rows)]);
        return value;
      };
      for (const window of windows) {
        tidy(() => void forward(model, window, { hook, importance: "startToken" }));
      }
      const scheme = { profile, sites: lower!.sites };
      const params = calibrateActivations(model, windows, scheme, undefined, 0.5);
      const whole = calibrateActivations(model, windows, scheme);
      params.forEach((sites, layer) => {
        assertEquals(Object.keys(sites).sort(), [...laterSites].sort());
        const values = seen.get(`${layer}`)!;
        const { scale, codeMin, codeMax } = sites["attn.output"]!;
        assertEquals(codeMax - codeMin, 15);
        if (profile === "released") {
          return assert(scale.some((each, c) => each !== whole[layer]["attn.output"]!.scale[c]));
        }
        const range = Math.fround(Math.max(...values, 0)) - Math.fround(Math.min(...values, 0));
        assertEquals(scale, Float32Array.of(Math.fround(range) / 15));
      });
    }));
}

Deno.test("hookByImportance() leaves other sites to the others' hook", () => {
  const others = () => tf.scalar(2);
  const hook = hookByImportance(() => tf.scalar(1), others, { share: 0.5, sites: {} });
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
