import { assertEquals } from "@std/assert";
import {
  textWarnings,
  validationWarnings,
  windowWarnings,
} from "../../../experiments/measure/text_warnings.ts";

const test = { sha256: "tested" };
const text = { sha256: "other", ids: new Int32Array(32 * 512), label: "other.txt" };
const plan = { window: 512, weightWindows: 32 };

Deno.test("textWarnings() finds nothing to say of a sound measurement", () => {
  assertEquals(textWarnings(test, { text, ...plan }), []);
  assertEquals(textWarnings(test), []);
});

Deno.test("textWarnings() warns of calibration on the tested text", () => {
  assertEquals(textWarnings(test, { text: { ...text, ...test }, ...plan }), [
    "Calibrated on the text that is tested: the figures flatter the method.",
  ]);
});

Deno.test("textWarnings() warns of windows drawn from a text that is too short for them", () => {
  const ids = text.ids.slice(1);
  assertEquals(textWarnings(test, { text: { ...text, ids }, ...plan }), [
    "32 calibration windows of 512 tokens are drawn from the 16383 tokens of other.txt: they overlap.",
  ]);
});

Deno.test("windowWarnings() warns of a single window and of few", () => {
  assertEquals(windowWarnings(1), ["One window is scored: figures have no interval."]);
  assertEquals(windowWarnings(2), [
    "Only 2 windows are scored: intervals are narrower than 95 % asks for.",
  ]);
  assertEquals(windowWarnings(10), []);
});

Deno.test("validationWarnings() warns of settings chosen on the tested text", () => {
  assertEquals(validationWarnings(test, text), []);
  assertEquals(validationWarnings(test, { sha256: "tested" }), [
    "Settings are chosen on the text that is tested: the figures flatter them.",
  ]);
});
