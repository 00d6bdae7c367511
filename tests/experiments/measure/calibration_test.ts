import { assertEquals, assertThrows } from "@std/assert";
import { drawCalibration } from "../../../experiments/measure/calibration.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { drawWindows } from "../../../lib/eval/mod.ts";
import type { StartToken } from "../../../lib/model/mod.ts";
import { randomIds } from "../../eval/tiny_models.ts";

const plan = { window: 16, weightWindows: 5, activationWindows: 2, seed: 3 };
const text = { ids: randomIds(100, 1), startToken: { place: "none" } as StartToken };

Deno.test("drawCalibration() draws GPTQ's windows, the first ones for activations", () => {
  const { weightWindows, activationWindows } = drawCalibration(text, plan);
  const drawn = drawWindows(text.ids, { ...text, window: 16, count: 5, seed: 3 });
  assertEquals(weightWindows, drawn);
  assertEquals(activationWindows, drawn.slice(0, 2));
});

Deno.test("drawCalibration() takes windows that a data set has drawn already", () => {
  const drawn = [1, 2, 3, 4, 5].map((seed) => randomIds(16, seed));
  const { weightWindows, activationWindows } = drawCalibration({ ...text, drawn }, plan);
  assertEquals([weightWindows, activationWindows], [drawn, drawn.slice(0, 2)]);
});

Deno.test("drawCalibration() puts the start token of the text where it belongs", () => {
  const startToken: StartToken = { place: "window", id: 9 };
  const { weightWindows } = drawCalibration({ ...text, startToken }, plan);
  const starts = weightWindows.map(([first, ...rest]) => [first, rest.length]);
  assertEquals(starts, Array(5).fill([9, 15]));
});

Deno.test("drawCalibration() refuses a text without a window", () => {
  assertThrows(
    () => drawCalibration({ ...text, ids: text.ids.slice(0, 16) }, plan),
    InputError,
    "Cannot draw calibration windows: the text must have more than 16 tokens, got 16",
  );
});
