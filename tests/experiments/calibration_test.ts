import { assertEquals, assertThrows } from "@std/assert";
import { drawCalibration } from "../../experiments/calibration.ts";
import { InputError } from "../../lib/core/mod.ts";
import { drawWindows } from "../../lib/eval/mod.ts";
import type { Model } from "../../lib/model/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";

const plan = { window: 16, weightWindows: 5, activationWindows: 2, seed: 3 };
const ids = randomIds(100, 1);

Deno.test("drawCalibration() draws GPTQ's windows, the first ones for activations", () =>
  withModel("llama", (model) => {
    const { weightWindows, activationWindows } = drawCalibration(model, ids, plan);
    const drawn = drawWindows(ids, { window: 16, startToken: null, count: 5, seed: 3 });
    assertEquals(weightWindows, drawn);
    assertEquals(activationWindows, drawn.slice(0, 2));
  }));

Deno.test("drawCalibration() puts the start token first where the model was trained so", () =>
  withModel("llama", (model) => {
    const architecture = { ...model.architecture, startToken: 9, startsEveryWindow: true };
    const started: Model = { ...model, architecture };
    const { weightWindows } = drawCalibration(started, ids, plan);
    assertEquals(
      weightWindows.map(([first, ...rest]) => [first, rest.length]),
      Array(5).fill([9, 15]),
    );
  }));

Deno.test("drawCalibration() refuses a text without a window", () =>
  withModel("llama", (model) => {
    assertThrows(
      () => drawCalibration(model, ids.slice(0, 16), plan),
      InputError,
      "Cannot draw calibration windows: the text must have more than 16 tokens, got 16",
    );
  }));
