import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import {
  clippedRounding,
  configure,
  methods,
  prepareModel,
  quaRotRtn,
  requireExecution,
} from "../../lib/methods/mod.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { calibrationOf, unread } from "./support.ts";

const weights = { bits: 8, groupSize: "row", symmetric: true, range: "absmax" } as const;
const activations = { bits: 8, clip: 1, keyValueBits: 8, keyValueClip: 1 };
const fine = configure("fine", quaRotRtn, { rotation: { seed: 0 }, weights, activations });

for (const name of ["llama", "opt", "bloom"] as const) {
  Deno.test(`quaRotRtn in eight bits is close to the model: ${name}`, async () => {
    const model = await randomModel(tinyArchitectures[name]);
    const [{ loss: before }] = await scoreWindows(model, [randomIds(30)]);
    const { model: rotated, forward } = await prepareModel(model, fine, unread);
    const [{ loss }] = await scoreWindows(rotated, [randomIds(30)], forward);
    assertFloatsClose(loss, before, 0.03);
    assert(loss.some((each, i) => each !== before[i]), "nothing was quantized");
  });
}

Deno.test("quaRot rotates, then runs GPTQ, then quantizes inputs by tokens, keys and values by heads", () => {
  const passes = methods.quarot.passes(tinyArchitectures.llama);
  assertEquals(passes.map(({ name }) => name), [
    "rotation",
    ...Array(4).fill("GPTQ"),
    "activations",
    "activations",
  ]);
  const sites = passes.flatMap(({ quantizes = {} }) => Object.keys(quantizes));
  assertEquals(sites, [
    ...["attn.input", "attn.output", "mlp.input", "mlp.hidden"],
    ...["attn.k", "attn.v"],
  ]);
  assertEquals(passes.slice(5).map(({ settings }) => settings), [
    { bits: 4, clip: 0.9, symmetric: true, groupSize: "token" },
    { bits: 4, clip: 0.95, symmetric: false, groupSize: 4 },
  ]);
  const control = methods["quarot-unrotated"].passes(tinyArchitectures.llama);
  assertEquals(control.map(({ name }) => name), passes.slice(1).map(({ name }) => name));
});

Deno.test("quaRot runs with GPTQ's weights, which calibrate on the rotated model", async () => {
  const model = await randomModel(tinyArchitectures.llama);
  const calibration = calibrationOf([randomIds(40, 1), randomIds(40, 2)]);
  const { model: rotated, forward } = await prepareModel(model, methods.quarot, calibration);
  const [{ loss }] = await scoreWindows(rotated, [randomIds(30)], forward);
  assert(loss.every(Number.isFinite));
  const { down } = await rotated.source.layer(0);
  assertEquals(down!.weight.form, "4 bits in whole rows");
});

Deno.test("quaRot cannot be executed in integers: every token has steps of its own", () => {
  for (const name of ["quarot", "quarot-rtn", "quarot-unrotated"] as const) {
    const execute = () =>
      requireExecution(methods[name], tinyArchitectures.llama, { execute: "integer" });
    const rule = "the tokens and channels of attn.input must share a step";
    const { message } = assertThrows(execute, InputError);
    assertEquals(message, `Cannot execute ${methods[name].title} in integers: ${rule}`);
  }
});

Deno.test("clippedRounding() rounds to the codes of the group, the outermost where it is clipped", () => {
  const round = clippedRounding({ bits: 4, symmetric: true, clip: 0.5, groupSize: "token" });
  const x = Float32Array.of(14, -14, 2.6, 0.4, 28, 1, 2, 3);
  assertEquals([...round(x, 4, "attn.input")], [7, -8, 3, 0, 14, 0, 2, 4]);
});
