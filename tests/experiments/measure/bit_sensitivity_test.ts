import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type BitSensitivityConfig,
  measureBitSensitivity,
} from "../../../experiments/measure/bit_sensitivity.ts";
import { calibrationOf, type OpenSubject } from "../../../experiments/measure/subject.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { readScores, scoreWindows } from "../../../lib/eval/mod.ts";
import {
  calibrate,
  type MethodName,
  methods,
  prepareModel,
  unquantized,
} from "../../../lib/methods/mod.ts";
import { atSites, type ChannelSite, type LinearName } from "../../../lib/model/mod.ts";
import { withModel, withModule } from "../../eval/tiny_models.ts";
import { tinySubject } from "./tiny_subject.ts";

function configOf(
  { facts }: OpenSubject,
  method: MethodName,
  changes: Partial<BitSensitivityConfig> = {},
): BitSensitivityConfig {
  const { testText: _test, windows: _windows, ...kept } = facts;
  const { settings: methodSettings } = methods[method];
  const asked = { method, methodSettings, bits: 3, layer: 1, scored: 2, tokens: 512 };
  return { ...kept, ...asked, part: "weights", ...changes };
}

for (const method of ["rtn4", "gptq4"] as const) {
  Deno.test(`measureBitSensitivity() is the divergence with one map alone swapped: ${method}`, () =>
    withModel("llama", async (model) => {
      const subject = tinySubject(model);
      const found = await measureBitSensitivity(subject, configOf(subject, method), {});
      const names = ["query", "key", "value", "output", "gate", "up", "down"];
      assertEquals(found.map(({ name }) => name), names);
      const calibration = calibrationOf(subject);
      const three = methods[method].with({ weights: { bits: 3 } });
      const { model: quantized } = await prepareModel(model, three, () => calibration);
      const layer = await quantized.source.layer(1);
      const windows = calibration.weightWindows.slice(0, 2);
      for (const { name, values, byteLength, divergence } of found) {
        const map = name as LinearName;
        const { weight } = layer[map]!;
        assertEquals([values, byteLength], [weight.rows * weight.columns, weight.byteLength]);
        const alone = await withModule(model, 1, map, () => layer[map]!);
        const scores = await scoreWindows(alone, windows, { reference: model });
        assertEquals(divergence, readScores(scores).divergence!.value);
        assert(divergence > 0);
      }
    }));
}

for (const method of ["agileq-8", "smoothquant", "agileq-4/8"] as const) {
  Deno.test(`measureBitSensitivity() is the divergence with one site alone quantized: ${method}`, () =>
    withModel("llama", async (model) => {
      const subject = tinySubject(model);
      const config = configOf(subject, method, { part: "activations", bits: 4 });
      const found = await measureBitSensitivity(subject, config, {});
      const calibration = calibrationOf(subject);
      const passes = methods[method].withSame("activations", 4).passes(model.architecture)
        .filter(({ rewrite }) => !rewrite);
      const { sites, lower } = await calibrate(unquantized(model), passes, () => calibration);
      const names = Object.keys(sites[1]).filter((name) => name !== "attn.probs");
      assertEquals(found.map(({ name }) => name).toSorted(), names.toSorted());
      const windows = calibration.activationWindows.slice(0, 2);
      for (const { name, values, byteLength, divergence } of found) {
        const site = name as ChannelSite;
        assertEquals(byteLength, values / 2);
        const hook = atSites([site], (value, visit) => {
          if (visit.layer !== 1) return value;
          assertEquals(value.shape.at(-1), values);
          return sites[1][site]!.apply(value, visit);
        });
        const scores = await scoreWindows(model, windows, { reference: model, hook, lower });
        assertEquals(divergence, readScores(scores).divergence!.value);
        assert(divergence > 0);
      }
    }));
}

Deno.test("measureBitSensitivity() falls with bits, and looks at so many windows and tokens", () =>
  withModel("opt-pre", async (model) => {
    const subject = tinySubject(model);
    const sum = async (changes: Partial<BitSensitivityConfig>) =>
      (await measureBitSensitivity(subject, configOf(subject, "rtn4", changes), {}))
        .reduce((total, { divergence }) => total + divergence, 0);
    const [two, three, eight] = [await sum({ bits: 2 }), await sum({}), await sum({ bits: 8 })];
    assert(two > 2 * three && three > 100 * eight, `${two}, ${three}, ${eight}`);
    assertNotEquals(await sum({ scored: 1 }), three);
    assertNotEquals(await sum({ tokens: 12 }), three);
    assertEquals(await sum({ tokens: subject.facts.window }), three);
  }));

Deno.test("measureBitSensitivity() changes a map of the rotated model where a method rotates it", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const config = configOf(subject, "agileq-8-rotated", { bits: 8 });
    for (const { name, divergence } of await measureBitSensitivity(subject, config, {})) {
      assert(divergence < 1e-3, `${name}: ${divergence}`);
    }
  }));

Deno.test("measureBitSensitivity() refuses a model without a text to calibrate on", () =>
  withModel("llama", async (model) => {
    const subject = { ...tinySubject(model), calibration: null };
    await assertRejects(
      () => measureBitSensitivity(subject, configOf(tinySubject(model), "rtn4"), {}),
      InputError,
      "Cannot calibrate llama: ",
    );
  }));
